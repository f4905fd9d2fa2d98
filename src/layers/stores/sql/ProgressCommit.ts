// The commit of progress as one statement.
//
// Moving positions is the common case and says nothing else; parts for deferrals and dead letters
// join when there are any. Each part touches only what belongs to a position that was moved: what
// is gone is not brought back.

import type { Deferral, NewDeadLetter, ProgressChange, Redelivery } from "../../../actors/index.js"
import { attemptParts } from "./AttemptParts.js"
import { commonParts, type DeferralTable, gather, type Of, type Parameters } from "./CommitParts.js"

const deferralTable: DeferralTable = {
  table: "deferrals",
  key: "namespace, subscription",
  isMarked: true,
}

// Names and positions hold neither commas nor control characters, and `acknowledged` no semicolons,
// so they go as joined texts (see EventBatch.ts); the rest is rare and goes as arrays.
const moved = (changes: ReadonlyArray<ProgressChange>, { add }: Parameters) => `
  moved as (
    update positions p set position = c.position, acknowledged = c.acknowledged
    from unnest(
      string_to_array(${add(changes.map(({ namespace }) => namespace).join(","))}, ','),
      string_to_array(${add(changes.map(({ subscription }) => subscription).join(","))}, ','),
      string_to_array(${add(changes.map(({ position }) => position).join(","))}, ',')::bigint[],
      string_to_array(${add(changes.map(({ acknowledged }) => acknowledged).join(";"))}, ';')
    ) with ordinality as c (namespace, subscription, position, acknowledged, change)
    where p.namespace = c.namespace and p.subscription = c.subscription
    returning p.namespace, p.subscription, c.change
  )`

/** The event goes from one row to the other inside the store. */
const redelivered = (redeliveries: ReadonlyArray<Of<Redelivery>>, { add }: Parameters) => {
  const column = (of: (deferral: Deferral) => unknown) =>
    add(redeliveries.map(({ value }) => of(value.deferral) ?? null))
  return `
  exhumed as (
    delete from dead_letters l
    using moved m join unnest(
      ${add(redeliveries.map(({ change }) => change))}::bigint[],
      ${add(redeliveries.map(({ value }) => value.deadLetter))}::text[],
      ${column(({ sequence }) => sequence)}::bigint[],
      ${column(({ attempts }) => attempts)}::integer[],
      ${column(({ dueAt }) => dueAt)}::bigint[],
      ${column(({ since }) => since)}::bigint[],
      ${column(({ parkedSince }) => parkedSince)}::bigint[],
      ${column(({ orderKey }) => orderKey)}::text[],
      ${column(({ reason }) => reason)}::text[],
      ${column(({ replay }) => replay)}::text[]
    ) as r (change, id, sequence, attempts, due_at, since, parked_since, order_key, reason, of_replay)
      using (change)
    where l.namespace = m.namespace and l.subscription = m.subscription and l.id = r.id
    returning l.namespace, l.subscription, r.sequence, r.attempts, r.due_at, r.since, r.parked_since,
      r.order_key, r.reason, l.accepted_at, l.event, r.of_replay
  ), redelivered as (
    insert into deferrals
      (namespace, subscription, sequence, attempts, due_at, since, parked_since, order_key, reason,
        accepted_at, event, of_replay)
    select * from exhumed
    on conflict (namespace, subscription, sequence) do update set
      attempts = excluded.attempts, due_at = excluded.due_at, since = excluded.since,
      parked_since = excluded.parked_since, order_key = excluded.order_key, reason = excluded.reason,
      accepted_at = excluded.accepted_at, event = excluded.event, of_replay = excluded.of_replay
  )`
}

/**
 * The server may tell of the commit before it is on its disk. Only if the server itself crashes then is
 * it lost, and the deliveries of less than a second are made again.
 */
const unhurried = "set_config('synchronous_commit', 'off', true)"

export interface ProgressCommitOptions {
  /** Writes the reason of a dead letter as it is stored. */
  readonly reasonOf: (letter: NewDeadLetter) => string
  /** Whether a write that moves positions and says nothing else may stay behind a crash of the server. */
  readonly positionsMayLag: boolean
}

/** The statement and its parameters. */
export const progressCommit = (
  changes: ReadonlyArray<ProgressChange>,
  { reasonOf, positionsMayLag }: ProgressCommitOptions,
): readonly [sql: string, parameters: ReadonlyArray<unknown>] => {
  const values: Array<unknown> = []
  const parameters: Parameters = { add: (value) => `$${values.push(value)}` }
  const redeliveries = gather(
    changes,
    (change) => change.redelivered,
    ({ deferral }) => deferral.sequence,
  )
  const parts = [
    moved(changes, parameters),
    ...commonParts(changes, deferralTable, reasonOf, parameters),
    ...(redeliveries.length > 0 ? [redelivered(redeliveries, parameters)] : []),
  ]
  const extra = positionsMayLag && parts.length === 1 ? `, ${unhurried}` : ""
  // What is lost with a position is tried again, and its attempts with it.
  parts.push(...attemptParts(changes, parameters))
  return [`with ${parts.join(",")}\n  select count(*)${extra} from moved`, values]
}
