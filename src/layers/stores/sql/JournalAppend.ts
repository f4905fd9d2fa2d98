// How events get into the journal.
//
// This process is the only writer and appends one batch at a time, so it numbers the events itself
// and inserts them unasked: new events are the rule. Where the unique index objects, it asks which
// are known, leaves them out, numbers the rest again and, expecting more of the kind, asks first for
// a while. The two unique indexes hold even where the assumption of one writer does not: then an
// append starts over from what the store says, and nothing gets a place twice.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { type Appended, type Journal, StoreUnavailable } from "../../../actors/index.js"
import { type NamespaceName, Sequence } from "../../../domain/index.js"
import {
  type EventBatch,
  eventBatch,
  type EventRow,
  inStatements,
  insertion,
  place,
  type Placement,
} from "./EventBatch.js"
import type { Head, JournalHeads } from "./JournalHeads.js"
import { answering, isUniqueViolation } from "./StoreFailure.js"
import type { StoreLock } from "./StoreLock.js"

/** How many appends ask for duplicates first after one was found. A failed insert costs more than asking. */
const appendsAfterDuplicate = 64
/** Another writer would have to win this often in a row. */
const maxTries = 4

type Known = ReadonlyMap<string, number>
const none: Known = new Map()
const empty: Head = { sequence: 0, bytes: 0 }

export const makeAppend = (
  sql: SqlClient.SqlClient,
  heads: JournalHeads,
  lock: typeof StoreLock.Service,
): (typeof Journal.Service)["append"] => {
  let asksFirst = 0

  const findKnown = (rows: ReadonlyArray<EventRow>): Effect.Effect<Known, SqlError> =>
    Effect.map(
      sql.unsafe<{ readonly row: number; readonly sequence: number }>(
        `select k.row, e.sequence
         from unnest(string_to_array($1, ',')::uuid[]) with ordinality as k (key, row)
         join events e on e.key = k.key`,
        [rows.map(({ key }) => key).join(",")],
      ),
      (found) => {
        if (found.length > 0) asksFirst = appendsAfterDuplicate
        return new Map(found.map(({ row, sequence }) => [rows[row - 1]?.key ?? "", sequence]))
      },
    )

  /** The heads of the rows' namespaces: remembered, or asked for. */
  const headsOf = (
    rows: ReadonlyArray<EventRow>,
  ): Effect.Effect<ReadonlyMap<NamespaceName, Head>, SqlError> => {
    const found = new Map<NamespaceName, Head>()
    const missing = new Set<NamespaceName>()
    for (const { entry } of rows) {
      const head = heads.get(entry.namespace)
      if (head === undefined) missing.add(entry.namespace)
      else found.set(entry.namespace, head)
    }
    if (missing.size === 0) return Effect.succeed(found)
    return Effect.map(
      sql.unsafe<{ readonly namespace: NamespaceName } & Head>(
        `select n.namespace, e.sequence, e.bytes
         from unnest(string_to_array($1, ',')) as n (namespace)
         cross join lateral (
           select sequence, offset_bytes + octet_length(event) as bytes
           from events where namespace = n.namespace order by sequence desc limit 1
         ) e`,
        [[...missing].join(",")],
      ),
      (rows) => {
        for (const { namespace, sequence, bytes } of rows) found.set(namespace, { sequence, bytes })
        return found
      },
    )
  }

  const insert = (placement: Placement, acceptedAt: number): Effect.Effect<void, SqlError> => {
    const statements = inStatements(placement).map((run) => {
      const [text, parameters] = insertion(run, acceptedAt)
      return sql.unsafe(text, parameters)
    })
    const [only, ...more] = statements
    if (only === undefined) return Effect.void
    return more.length === 0
      ? Effect.asVoid(only)
      : sql.withTransaction(Effect.all(statements, { discard: true }))
  }

  const tryInsert = (
    batch: EventBatch,
    known: Known,
    acceptedAt: number,
  ): Effect.Effect<Placement, SqlError> =>
    Effect.gen(function* () {
      const fresh = known.size === 0 ? batch.rows : batch.rows.filter(({ key }) => !known.has(key))
      heads.begin()
      const last = yield* headsOf(fresh)
      const placement = place(fresh, (namespace) => last.get(namespace) ?? empty)
      yield* insert(placement, acceptedAt)
      heads.end(placement.heads)
      return placement
    })

  const appendBatch = (batch: EventBatch, acceptedAt: number) =>
    Effect.gen(function* () {
      let known = asksFirst > 0 ? yield* findKnown(batch.rows) : none
      if (asksFirst > 0) asksFirst -= 1
      for (let tries = 1; tries <= maxTries; tries++) {
        const placement = yield* Effect.catchIf(
          tryInsert(batch, known, acceptedAt),
          isUniqueViolation,
          () => Effect.succeed(undefined),
        )
        if (placement !== undefined) return answer(batch, known, placement)
        heads.forgetAll()
        asksFirst = appendsAfterDuplicate
        known = yield* findKnown(batch.rows)
      }
      const reason = "another process is writing to the store"
      return yield* new StoreUnavailable({ operation: "append", reason })
    })

  // Not interruptible: an insert that was given up on half-way would leave the heads in doubt.
  return (entries, acceptedAt) =>
    entries.length === 0
      ? Effect.succeed([])
      : Effect.zipRight(
          lock.held,
          Effect.suspend(() => appendBatch(eventBatch(entries), acceptedAt)),
        ).pipe(
          Effect.tapErrorCause(() =>
            Effect.sync(() => {
              heads.forgetAll()
              asksFirst = appendsAfterDuplicate
            }),
          ),
          answering("append"),
          Effect.uninterruptible,
        )
}

/** In the order of the entries: the first of a new event has its place, all others are duplicates. */
const answer = (
  { rows, rowOf }: EventBatch,
  known: Known,
  { sequences }: Placement,
): ReadonlyArray<Appended> => {
  let next = 0
  const places = rows.map(({ key }) => known.get(key) ?? sequences[next++] ?? 0)
  let seen = 0
  return rowOf.map((row) => {
    // Rows are numbered in the order in which entries first name them.
    const isFirst = row === seen
    if (isFirst) seen += 1
    return {
      sequence: Sequence.make(places[row] ?? 0, true),
      duplicate: !isFirst || known.has(rows[row]?.key ?? ""),
    }
  })
}
