// A row of `COPY … TO STDOUT` in its text format, as a tuple: columns between tabs, `\N` for null, and a
// backslash before what would be taken for one of these.

import { Cell, type Tuple } from "./PgOutput.js"

const tab = 0x09
const newline = 0x0a
const backslash = 0x5c
const letterN = 0x4e

/** What stands for a control character behind a backslash. */
const escapes: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x76, 0x0b],
])

/** Takes one row, with or without the end of its line. Rewrites what is escaped in place. */
export const copyTuple = (bytes: Uint8Array): Tuple => {
  const end = bytes.at(-1) === newline ? bytes.length - 1 : bytes.length
  const cells: Array<number> = []
  let start = 0
  let to = 0
  let isNull = false
  const close = () => {
    cells.push(isNull ? Cell.null : Cell.text, start, isNull ? start : to)
    start = to
    isNull = false
  }
  for (let at = 0; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte === tab) close()
    else if (byte !== backslash) bytes[to++] = byte
    else {
      const next = bytes[++at] ?? backslash
      // A value that is these two characters has its backslash doubled.
      if (next === letterN && to === start) isNull = true
      else bytes[to++] = escapes.get(next) ?? next
    }
  }
  close()
  return { bytes, cells }
}
