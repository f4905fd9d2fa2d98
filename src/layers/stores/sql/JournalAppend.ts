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
import type { NamespaceName } from "../../../domain/index.js"
import { AppendState } from "./AppendState.js"
import type { Head, JournalHeads } from "./JournalHeads.js"
import { answering, isUniqueViolation } from "./StoreFailure.js"
import type { StoreLock } from "./StoreLock.js"

/** How many appends ask for duplicates first after one was found. A failed insert costs more than asking. */
const appendsAfterDuplicate = 64
/** Another writer would have to win this often in a row. */
const maxTries = 4

export const makeAppend = (
  sql: SqlClient.SqlClient,
  heads: JournalHeads,
  lock: typeof StoreLock.Service,
): (typeof Journal.Service)["append"] => {
  let asksFirst = 0

  const findKnown = (state: AppendState): Effect.Effect<void, SqlError> =>
    Effect.map(
      sql.unsafe<{ readonly row: number; readonly sequence: number }>(
        `select k.row, e.sequence
         from unnest(string_to_array($1, ',')::uuid[]) with ordinality as k (key, row)
         join events e on e.key = k.key`,
        [state.keys.join(",")],
      ),
      (found) => {
        if (found.length > 0) asksFirst = appendsAfterDuplicate
        state.learn(found)
      },
    )

  /** The heads of the rows' namespaces: remembered, or asked for. */
  const findHeads = (state: AppendState): Effect.Effect<void, SqlError> => {
    const missing = state.recall(heads)
    if (missing.length === 0) return Effect.void
    return Effect.map(
      sql.unsafe<{ readonly namespace: NamespaceName } & Head>(
        `select n.namespace, e.sequence, e.bytes
         from unnest(string_to_array($1, ',')) as n (namespace)
         cross join lateral (
           select sequence, offset_bytes + octet_length(event) as bytes
           from events where namespace = n.namespace order by sequence desc limit 1
         ) e`,
        [missing.join(",")],
      ),
      (found) => {
        for (const { namespace, sequence, bytes } of found) {
          state.setHead(namespace, { sequence, bytes })
        }
      },
    )
  }

  const insert = (state: AppendState): Effect.Effect<void, SqlError> =>
    Effect.suspend(() => {
      const statements = state.place().map(({ text, parameters }) => sql.unsafe(text, parameters))
      const [only, ...more] = statements
      if (only === undefined) return Effect.void
      return more.length === 0
        ? Effect.asVoid(only)
        : sql.withTransaction(Effect.all(statements, { discard: true }))
    })

  const tryInsert = (state: AppendState): Effect.Effect<void, SqlError> =>
    Effect.suspend(() => {
      heads.begin()
      return Effect.map(Effect.zipRight(findHeads(state), insert(state)), () =>
        heads.end(state.heads),
      )
    })

  const insertFresh = (
    state: AppendState,
    triesLeft: number,
  ): Effect.Effect<ReadonlyArray<Appended>, SqlError | StoreUnavailable> =>
    Effect.matchEffect(tryInsert(state), {
      onSuccess: () => Effect.succeed(state.answer),
      onFailure: (error) => {
        if (!isUniqueViolation(error)) return Effect.fail(error)
        heads.forgetAll()
        asksFirst = appendsAfterDuplicate
        return Effect.zipRight(
          findKnown(state),
          triesLeft > 1
            ? insertFresh(state, triesLeft - 1)
            : new StoreUnavailable({
                operation: "append",
                reason: "another process is writing to the store",
              }),
        )
      },
    })

  const append = (
    state: AppendState,
  ): Effect.Effect<ReadonlyArray<Appended>, SqlError | StoreUnavailable> => {
    const inserted = insertFresh(state, maxTries)
    if (asksFirst === 0) return inserted
    asksFirst -= 1
    return Effect.zipRight(findKnown(state), inserted)
  }

  // Not interruptible: an insert that was given up on half-way would leave the heads in doubt.
  return (entries, acceptedAt) =>
    entries.length === 0
      ? Effect.succeed([])
      : Effect.zipRight(
          lock.held,
          Effect.suspend(() => {
            const state = new AppendState(entries, acceptedAt)
            return Effect.ensuring(
              append(state),
              Effect.sync(() => state.end()),
            )
          }),
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
