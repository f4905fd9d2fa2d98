// The journal in SQL.

import type { SqlClient } from "@effect/sql"
import { Effect, Option } from "effect"
import type { Journal, JournalBounds, Retention } from "../../../actors/index.js"
import { JournaledEvent, type NamespaceName, origin, Sequence } from "../../../domain/index.js"
import { makeAppend } from "./JournalAppend.js"
import type { JournalHeads } from "./JournalHeads.js"
import { answering } from "./StoreFailure.js"
import type { StoreLock } from "./StoreLock.js"

interface EventRecord {
  readonly sequence: Sequence
  readonly type: string
  readonly accepted_at: number
  readonly event: string
}

const noEvents: JournalBounds = { head: origin, oldest: Sequence.make(1), bytes: 0 }

/** How many of the oldest events one look for expired ones goes through; the next look goes on from there. */
const expiryWindow = 50_000

export const makeJournal = (
  sql: SqlClient.SqlClient,
  heads: JournalHeads,
  lock: typeof StoreLock.Service,
): typeof Journal.Service => {
  const bounds = (namespace: NamespaceName) =>
    Effect.map(
      sql<JournalBounds>`
        select last.sequence as head, first.sequence as oldest, last.bytes - first.bytes as bytes
        from (
          select sequence, offset_bytes + octet_length(event) as bytes
          from events where namespace = ${namespace} order by sequence desc limit 1
        ) last cross join (
          select sequence, offset_bytes as bytes
          from events where namespace = ${namespace} order by sequence limit 1
        ) first`,
      ([row]): JournalBounds => row ?? noEvents,
    )

  const expiredByAge = (namespace: NamespaceName, before: number, { oldest }: JournalBounds) =>
    Effect.map(
      sql<{ readonly sequence: Sequence }>`
        select sequence from events
        where namespace = ${namespace} and sequence < ${oldest + expiryWindow}
          and accepted_at >= ${before}
        order by sequence limit 1`,
      ([young]) => (young?.sequence ?? oldest + expiryWindow) - 1,
    )

  /** Offsets ascend with sequences, which have no holes: a bisection instead of a sum. */
  const expiredByBytes = (
    namespace: NamespaceName,
    maxBytes: number,
    { head, oldest }: JournalBounds,
  ) =>
    Effect.gen(function* () {
      const [total] = yield* sql<{ readonly bytes: number }>`
        select offset_bytes + octet_length(event) as bytes
        from events where namespace = ${namespace} and sequence = ${head}`
      const excess = (total?.bytes ?? 0) - maxBytes
      let low: number = oldest
      let high = head + 1
      while (low < high) {
        const middle = Math.floor((low + high) / 2)
        const [row] = yield* sql<{ readonly offset_bytes: number }>`
          select offset_bytes from events
          where namespace = ${namespace} and sequence = ${middle}`
        if ((row?.offset_bytes ?? 0) >= excess) high = middle
        else low = middle + 1
      }
      return low - 1
    })

  const expired = (namespace: NamespaceName, { acceptedBefore, maxBytes }: Retention) =>
    Effect.gen(function* () {
      const range = yield* bounds(namespace)
      const byAge =
        acceptedBefore === undefined ? 0 : yield* expiredByAge(namespace, acceptedBefore, range)
      const byBytes = maxBytes === undefined ? 0 : yield* expiredByBytes(namespace, maxBytes, range)
      const last = Math.min(Math.max(byAge, byBytes), range.head - 1)
      return last < range.oldest ? origin : Sequence.make(last)
    })

  return {
    append: makeAppend(sql, heads, lock),
    read: ({ namespace, after, limit, maxBytes }) =>
      sql<EventRecord>`
        select e.sequence, e.type, e.accepted_at, e.event
        from (
          select sequence, offset_bytes from events
          where namespace = ${namespace} and sequence > ${after} order by sequence limit 1
        ) first
        join events e on e.namespace = ${namespace}
          and e.sequence >= first.sequence and e.sequence < first.sequence + ${limit}
          and (
            e.sequence = first.sequence
            or e.offset_bytes + octet_length(e.event) - first.offset_bytes <= ${maxBytes}
          )
        order by e.sequence`.pipe(
        Effect.map((rows) => rows.map(eventOf)),
        answering("read events"),
      ),
    get: (namespace, sequence) =>
      sql<EventRecord>`
        select sequence, type, accepted_at, event from events
        where namespace = ${namespace} and sequence = ${sequence}`.pipe(
        Effect.map(([row]) => Option.map(Option.fromNullable(row), eventOf)),
        answering("get an event"),
      ),
    bounds: (namespace) => answering("read the bounds")(bounds(namespace)),
    positionAt: (namespace, time) =>
      sql<{ readonly position: Sequence }>`
        select coalesce(
          (select sequence from events
           where namespace = ${namespace} and accepted_at < ${time}
           order by sequence desc limit 1),
          (select min(sequence) - 1 from events where namespace = ${namespace}),
          0
        ) as position`.pipe(
        Effect.map(([row]) => row?.position ?? origin),
        answering("find a position by time"),
      ),
    expired: (namespace, retention) =>
      answering("find what has expired")(expired(namespace, retention)),
    trim: (namespace, upTo, limit) =>
      sql<{ readonly rows: number }>`
        with trimmed as (
          delete from events where ctid = any (array(
            select ctid from events
            where namespace = ${namespace} and sequence <= ${upTo}
              and sequence < (select max(sequence) from events where namespace = ${namespace})
            order by sequence limit ${limit}
          ))
          returning 1
        )
        select count(*) as rows from trimmed`.pipe(
        Effect.map(([row]) => row?.rows ?? 0),
        answering("trim events"),
      ),
  }
}

const eventOf = ({ sequence, type, event, accepted_at }: EventRecord): JournaledEvent =>
  new JournaledEvent(sequence, type, event, accepted_at)
