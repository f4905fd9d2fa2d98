// A batch of events on its way into the journal: each (namespace, source, id) once, in columns, and
// the statement that inserts them.

import * as crypto from "node:crypto"
import type { JournalEntry } from "../../../actors/index.js"
import type { NamespaceName } from "../../../domain/index.js"
import type { Head } from "./JournalHeads.js"

/** In one call: half the time of a hash object. */
const sha256 = (text: string): string => crypto.hash("sha256", text, "hex")

/**
 * What an event is recognised by: 128 bits of SHA-256. Names hold no control characters, so what is
 * hashed is unambiguous; that two events meet by chance is less likely than that a disk errs, and a
 * tenant that spends 2^64 hashes to make two of its own meet has only spent them.
 */
const keyOf = ({ namespace, event: { source, id } }: JournalEntry): string =>
  sha256(`${namespace}\u001f${source}\u001f${id}`).slice(0, 32)

export interface EventRow {
  readonly entry: JournalEntry
  readonly key: string
  readonly bytes: number
}

export interface EventBatch {
  readonly rows: ReadonlyArray<EventRow>
  /** For each entry, which row it is; the second of two equal ones is the row of the first. */
  readonly rowOf: ReadonlyArray<number>
}

export const eventBatch = (entries: ReadonlyArray<JournalEntry>): EventBatch => {
  const rows: Array<EventRow> = []
  const byKey = new Map<string, number>()
  const rowOf = entries.map((entry) => {
    const key = keyOf(entry)
    const known = byKey.get(key)
    if (known !== undefined) return known
    byKey.set(key, rows.length)
    return rows.push({ entry, key, bytes: Buffer.byteLength(entry.json) }) - 1
  })
  return { rows, rowOf }
}

/** Rows with their places, column by column. */
export interface Placement {
  readonly rows: ReadonlyArray<EventRow>
  readonly sequences: ReadonlyArray<number>
  readonly offsets: ReadonlyArray<number>
  /** The heads once the rows are stored. */
  readonly heads: ReadonlyMap<NamespaceName, Head>
}

/** Gives rows their places: dense in each namespace, after its head. */
export const place = (
  rows: ReadonlyArray<EventRow>,
  headOf: (namespace: NamespaceName) => Head,
): Placement => {
  const heads = new Map<NamespaceName, Head>()
  const sequences: Array<number> = []
  const offsets: Array<number> = []
  for (const { entry, bytes } of rows) {
    const head = heads.get(entry.namespace) ?? headOf(entry.namespace)
    sequences.push(head.sequence + 1)
    offsets.push(head.bytes)
    heads.set(entry.namespace, { sequence: head.sequence + 1, bytes: head.bytes + bytes })
  }
  return { rows, sequences, offsets, heads }
}

/** Record separator: no JSON text and no attribute of a CloudEvent holds a control character like it. */
const separator = "\u001e"

const insertFrom = (texts: (parameter: string) => string): string => `
  insert into events (namespace, sequence, key, offset_bytes, accepted_at, type, event)
  select namespace, sequence, key, offset_bytes, $5, type, event
  from unnest(
    string_to_array($1, ','),
    string_to_array($2, ',')::bigint[],
    string_to_array($3, ',')::uuid[],
    string_to_array($4, ',')::bigint[],
    ${texts("$6")},
    ${texts("$7")}
  ) as row (namespace, sequence, key, offset_bytes, type, event)`

const insertJoined = insertFrom((parameter) => `string_to_array(${parameter}, chr(30))`)
const insertArrays = insertFrom((parameter) => `${parameter}::text[]`)

/** An insert and its parameters. */
export interface Insertion {
  readonly text: string
  readonly parameters: Array<unknown>
}

/**
 * Inserts rows. Columns go as joined texts that the server splits. Measured in
 * batches of 64 and of 500, medians of interleaved runs, that is 1.3 to 1.4 times the rate of array
 * parameters on Postgres and 1.2 to 1.5 times on PGlite, since no element has to be escaped here and
 * unescaped there; 1.4 to 1.5 times that of rows of `values`; and that of COPY, which cannot go
 * through the pool. A named statement gains a tenth in batches of 64 and nothing in 500. Looking for
 * duplicates in the same statement costs a tenth to two fifths, so the unique index finds them.
 */
export const insertion = (
  { rows, sequences, offsets }: Omit<Placement, "heads">,
  acceptedAt: number,
): Insertion => {
  const types = rows.map(({ entry }) => entry.event.type)
  const events = rows.map(({ entry }) => entry.json)
  const joinable = !holdsSeparator(types) && !holdsSeparator(events)
  return {
    text: joinable ? insertJoined : insertArrays,
    parameters: [
      rows.map(({ entry }) => entry.namespace).join(","),
      sequences.join(","),
      rows.map(({ key }) => key).join(","),
      offsets.join(","),
      acceptedAt,
      joinable ? types.join(separator) : types,
      joinable ? events.join(separator) : events,
    ],
  }
}

/** An empty text counts, since the server splits it into no texts at all. */
const holdsSeparator = (texts: ReadonlyArray<string>): boolean =>
  texts.some((text) => text === "" || text.includes(separator))

/** One statement takes this much at most; a larger batch is several in one transaction. */
const maxStatementBytes = 32 * 1024 * 1024

/** The rows in runs that fit into a statement each, in order. */
export const inStatements = (placement: Placement): ReadonlyArray<Omit<Placement, "heads">> => {
  const ends: Array<number> = []
  let room = maxStatementBytes
  for (const [index, { bytes }] of placement.rows.entries()) {
    room -= bytes
    if (room >= 0 || index === 0) continue
    ends.push(index)
    room = maxStatementBytes - bytes
  }
  if (ends.length === 0) return placement.rows.length === 0 ? [] : [placement]
  return [...ends, placement.rows.length].map((end, run) => {
    const start = ends[run - 1] ?? 0
    return {
      rows: placement.rows.slice(start, end),
      sequences: placement.sequences.slice(start, end),
      offsets: placement.offsets.slice(start, end),
    }
  })
}
