// The parts that the commits of subscriptions and of replays have in common: deliveries set aside, those
// that are over, and dead letters. Each touches only what belongs to a row of the part `moved`, which
// the commit itself states with the columns of `key` and the place of the change.

import type { Deferral, NewDeadLetter, ProgressChange } from "../../../actors/index.js"
import type { Sequence } from "../../../domain/index.js"

export interface Parameters {
  /** Adds a parameter; answers its placeholder. */
  readonly add: (value: unknown) => string
}

/** A value with the place of its change in the list, counted from 1. */
export interface Of<A> {
  readonly change: number
  readonly value: A
}

/** All values of all changes, the last of each identity: one statement may not write a row twice. */
export const gather = <Change, A>(
  changes: ReadonlyArray<Change>,
  valuesOf: (change: Change) => ReadonlyArray<A>,
  identity: (value: A) => unknown,
): ReadonlyArray<Of<A>> =>
  changes.flatMap((change, index) => {
    const values = valuesOf(change)
    if (values.length === 0) return []
    const last = new Map(values.map((value) => [identity(value), value]))
    return [...last.values()].map((value) => ({ change: index + 1, value }))
  })

/** What is both set aside and over is over. */
const stillDeferred = ({
  deferred,
  settled,
}: Pick<ProgressChange, "deferred" | "settled">): ReadonlyArray<Deferral> => {
  if (deferred.length === 0 || settled.length === 0) return deferred
  const over = new Set(settled)
  return deferred.filter(({ sequence }) => !over.has(sequence))
}

/** A table of deliveries set aside, and the columns that say whose one is. */
export interface DeferralTable {
  readonly table: string
  readonly key: string
  /** Whether a row says which replay it is of; in a table of replays that is in the key. */
  readonly isMarked: boolean
}

const deferred = (
  deferrals: ReadonlyArray<Of<Deferral>>,
  { isMarked, key, table }: DeferralTable,
  { add }: Parameters,
) => {
  const column = (of: (deferral: Deferral) => unknown) =>
    add(deferrals.map(({ value }) => of(value) ?? null))
  const mark = isMarked ? ", of_replay" : ""
  return `
  deferred as (
    insert into ${table}
      (${key}, sequence, attempts, due_at, since, parked_since, order_key, reason${mark})
    select ${key}, sequence, attempts, due_at, since, parked_since, order_key, reason${mark}
    from unnest(
      ${add(deferrals.map(({ change }) => change))}::bigint[],
      ${column(({ sequence }) => sequence)}::bigint[],
      ${column(({ attempts }) => attempts)}::integer[],
      ${column(({ dueAt }) => dueAt)}::bigint[],
      ${column(({ since }) => since)}::bigint[],
      ${column(({ parkedSince }) => parkedSince)}::bigint[],
      ${column(({ orderKey }) => orderKey)}::text[],
      ${column(({ reason }) => reason)}::text[]${
        isMarked ? `,\n      ${column(({ replay }) => replay)}::text[]` : ""
      }
    ) as d (change, sequence, attempts, due_at, since, parked_since, order_key, reason${mark})
    join moved using (change)
    on conflict (${key}, sequence) do update set
      attempts = excluded.attempts, due_at = excluded.due_at, since = excluded.since,
      parked_since = excluded.parked_since, order_key = excluded.order_key, reason = excluded.reason${
        isMarked ? ", of_replay = excluded.of_replay" : ""
      }
  )`
}

const settled = (
  sequences: ReadonlyArray<Of<Sequence>>,
  { key, table }: DeferralTable,
  { add }: Parameters,
) => `
  settled as (
    delete from ${table} d
    using moved m join unnest(
      ${add(sequences.map(({ change }) => change))}::bigint[],
      ${add(sequences.map(({ value }) => value))}::bigint[]
    ) as s (change, sequence) using (change)
    where ${key
      .split(", ")
      .map((column) => `d.${column} = m.${column}`)
      .join(" and ")}
      and d.sequence = s.sequence
  )`

const dead = (
  letters: ReadonlyArray<Of<NewDeadLetter>>,
  reasonOf: (letter: NewDeadLetter) => string,
  { add }: Parameters,
) => {
  const column = (of: (letter: NewDeadLetter) => unknown) =>
    add(letters.map(({ value }) => of(value)))
  return `
  dead as (
    insert into dead_letters
      (namespace, id, subscription, sequence, attempts, first_attempt_at, dead_at, reason,
        accepted_at, event, of_replay)
    select namespace, id, subscription, sequence, attempts, first_attempt_at, dead_at, reason,
      accepted_at, event, of_replay
    from unnest(
      ${add(letters.map(({ change }) => change))}::bigint[],
      ${column(({ id }) => id)}::text[],
      ${column(({ sequence }) => sequence)}::bigint[],
      ${column(({ attempts }) => attempts)}::integer[],
      ${column(({ firstAttemptAt }) => firstAttemptAt)}::bigint[],
      ${column(({ deadAt }) => deadAt)}::bigint[],
      ${column(reasonOf)}::text[],
      ${column(({ acceptedAt }) => acceptedAt)}::bigint[],
      ${column(({ json }) => json)}::text[],
      ${column(({ replay }) => replay ?? null)}::text[]
    ) as l (change, id, sequence, attempts, first_attempt_at, dead_at, reason, accepted_at, event,
      of_replay)
    join moved using (change)
    on conflict (namespace, id) do update set
      subscription = excluded.subscription, sequence = excluded.sequence,
      attempts = excluded.attempts, first_attempt_at = excluded.first_attempt_at,
      dead_at = excluded.dead_at, reason = excluded.reason, accepted_at = excluded.accepted_at,
      event = excluded.event, of_replay = excluded.of_replay
  )`
}

/** The parts that there is something for. `reasonOf` writes the reason of a dead letter as it is stored. */
export const commonParts = (
  changes: ReadonlyArray<Pick<ProgressChange, "dead" | "deferred" | "settled">>,
  table: DeferralTable,
  reasonOf: (letter: NewDeadLetter) => string,
  parameters: Parameters,
): ReadonlyArray<string> => {
  const deferrals = gather(changes, stillDeferred, ({ sequence }) => sequence)
  const sequences = gather(
    changes,
    (change) => change.settled,
    (sequence) => sequence,
  )
  const letters = gather(
    changes,
    (change) => change.dead,
    ({ id }) => id,
  )
  return [
    ...(deferrals.length > 0 ? [deferred(deferrals, table, parameters)] : []),
    ...(sequences.length > 0 ? [settled(sequences, table, parameters)] : []),
    ...(letters.length > 0 ? [dead(letters, reasonOf, parameters)] : []),
  ]
}
