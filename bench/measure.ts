/**
 * How benchmarks here measure: contenders take turns in the same process, round after round, and what
 * counts is the median over the rounds of the ratio within a round. A machine that is busy for a
 * while slows the contenders of a round alike, and so does not decide who wins.
 */
import { argv } from "node:process"
import { pathToFileURL } from "node:url"
import { setFlagsFromString } from "node:v8"

// As the command line does, for all contenders alike.
setFlagsFromString("--no-allocation-site-pretenuring")

/** Something to measure: does about `count` operations, and says nothing of the time they took. */
export interface Contender {
  readonly name: string
  readonly run: (count: number) => unknown
}

/** What came out for one contender: medians over the rounds. */
export interface Measured {
  readonly name: string
  readonly perSecond: number
  /** Its operations per second, divided by those of the last contender in the same round. */
  readonly ratio: number
}

export interface RoundOptions {
  readonly rounds: number
  /** How long a contender runs in a round, at least. */
  readonly minMillis: number
}

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** The value below which a share of the values lies. */
export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Operations per second over at least `minMillis`, in growing batches so that the clock costs nothing. */
const rate = async ({ run }: Contender, minMillis: number): Promise<number> => {
  let batch = 1
  let done = 0
  let elapsed = 0
  while (elapsed < minMillis) {
    const start = performance.now()
    await run(batch)
    const took = performance.now() - start
    elapsed += took
    done += batch
    if (took < minMillis / 10) batch *= 2
  }
  return (done / elapsed) * 1_000
}

/** Measures contenders against the last of them. A first round warms up and does not count. */
export const compare = async (
  contenders: ReadonlyArray<Contender>,
  { rounds, minMillis }: RoundOptions = { rounds: 7, minMillis: 150 },
): Promise<ReadonlyArray<Measured>> => {
  const rates = contenders.map((): Array<number> => [])
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (turn + round) % contenders.length
      const contender = contenders[index]
      if (contender === undefined) continue
      const perSecond = await rate(contender, minMillis)
      if (round > 0) rates[index]?.push(perSecond)
    }
  }
  const baseline = rates.at(-1) ?? []
  return contenders.map(({ name }, index) => {
    const own = rates[index] ?? []
    return {
      name,
      perSecond: median(own),
      ratio: median(own.map((value, round) => value / (baseline[round] ?? Number.NaN))),
    }
  })
}

/** A number for people: 12,345 or 0.123. */
export const figure = (value: number): string =>
  value >= 100
    ? Math.round(value).toLocaleString("en-US")
    : value.toLocaleString("en-US", { maximumSignificantDigits: 3 })

/** Prints rows under their headings, text to the left and the rest to the right. */
export const printTable = (
  title: string,
  headings: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
): void => {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: ReadonlyArray<string>) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
  console.log(`\n${title}`)
  console.log(line(headings))
  console.log(widths.map((width) => "-".repeat(width)).join("  "))
  for (const row of rows) console.log(line(row))
}

/** Whether the module at this URL is what the process was started with. */
export const isMain = (moduleUrl: string): boolean =>
  argv[1] !== undefined && moduleUrl === pathToFileURL(argv[1]).href
