// Tables of text, as wide as what is in them.

import { type Paint, widthOf } from "./Paint.js"

export interface Column {
  readonly title: string
  /** Numbers stand to the right. Default left. */
  readonly align?: "left" | "right"
}

const pad = (text: string, width: number, align: Column["align"]): string => {
  const space = " ".repeat(Math.max(0, width - widthOf(text)))
  return align === "right" ? space + text : text + space
}

/** A line of titles and one per row. Cells may be coloured already. */
export const table = (
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  paint: Paint,
): ReadonlyArray<string> => {
  const widths = columns.map(({ title }, at) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[at] ?? ""))),
  )
  const line = (cells: ReadonlyArray<string>) =>
    columns
      .map(({ align }, at) => pad(cells[at] ?? "", widths[at] ?? 0, align))
      .join("  ")
      .trimEnd()
  return [line(columns.map(({ title }) => paint.dim(title))), ...rows.map(line)]
}

/** Names and values, one pair a line. */
export const pairs = (
  entries: ReadonlyArray<readonly [name: string, value: string]>,
  paint: Paint,
): ReadonlyArray<string> => {
  const width = Math.max(0, ...entries.map(([name]) => widthOf(name)))
  return entries.map(([name, value]) => `${paint.dim(pad(name, width, "left"))}  ${value}`)
}

const grouping = new Intl.NumberFormat("en-US")

/** A count with its thousands grouped. */
export const count = (value: number): string => grouping.format(value)

/** Milliseconds for a reader: "0.4 ms", "12 ms", "1.3 s", "2 min". */
export const millis = (value: number): string => {
  if (value < 10) return `${value.toFixed(1)} ms`
  if (value < 1_000) return `${Math.round(value)} ms`
  if (value < 60_000) return `${(value / 1_000).toFixed(1)} s`
  if (value < 3_600_000) return `${Math.round(value / 60_000)} min`
  return value < 86_400_000
    ? `${Math.round(value / 3_600_000)} h`
    : `${Math.round(value / 86_400_000)} d`
}
