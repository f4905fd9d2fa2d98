// The commit of replays as one statement: what that of progress is for subscriptions. Each part touches
// only what belongs to a replay that was moved: one that has ended, or is gone, moves no more.

import type { Deferral, NewDeadLetter, ReplayChange } from "../../../actors/index.js"
import type { Sequence } from "../../../domain/index.js"
import { dead, gather, type Of, type Parameters, stillDeferred } from "./ProgressCommit.js"

const moved = (changes: ReadonlyArray<ReplayChange>, { add }: Parameters) => {
  const column = (of: (change: ReplayChange) => unknown) => add(changes.map(of))
  return `
  moved as (
    update replays r set
      position = c.position, acknowledged = c.acknowledged, delivered = c.delivered,
      failed = c.failed, dead = c.dead, skipped = c.skipped
    from unnest(
      ${column(({ namespace }) => namespace)}::text[],
      ${column(({ subscription }) => subscription)}::text[],
      ${column(({ id }) => id)}::text[],
      ${column(({ position }) => position)}::bigint[],
      ${column(({ acknowledged }) => acknowledged)}::text[],
      ${column(({ counts }) => counts.delivered)}::bigint[],
      ${column(({ counts }) => counts.failed)}::bigint[],
      ${column(({ counts }) => counts.dead)}::bigint[],
      ${column(({ counts }) => counts.skipped)}::bigint[]
    ) with ordinality as c (
      namespace, subscription, id, position, acknowledged, delivered, failed, dead, skipped, change
    )
    where r.namespace = c.namespace and r.subscription = c.subscription and r.id = c.id
      and r.status = 'running'
    returning r.namespace, r.subscription, r.id as replay, c.change
  )`
}

const deferred = (deferrals: ReadonlyArray<Of<Deferral>>, { add }: Parameters) => {
  const column = (of: (deferral: Deferral) => unknown) =>
    add(deferrals.map(({ value }) => of(value) ?? null))
  return `
  deferred as (
    insert into replay_deferrals
      (namespace, subscription, replay, sequence, attempts, due_at, since, order_key, reason)
    select namespace, subscription, replay, sequence, attempts, due_at, since, order_key, reason
    from unnest(
      ${add(deferrals.map(({ change }) => change))}::bigint[],
      ${column(({ sequence }) => sequence)}::bigint[],
      ${column(({ attempts }) => attempts)}::integer[],
      ${column(({ dueAt }) => dueAt)}::bigint[],
      ${column(({ since }) => since)}::bigint[],
      ${column(({ orderKey }) => orderKey)}::text[],
      ${column(({ reason }) => reason)}::text[]
    ) as d (change, sequence, attempts, due_at, since, order_key, reason)
    join moved using (change)
    on conflict (namespace, subscription, replay, sequence) do update set
      attempts = excluded.attempts, due_at = excluded.due_at, since = excluded.since,
      order_key = excluded.order_key, reason = excluded.reason
  )`
}

const settled = (sequences: ReadonlyArray<Of<Sequence>>, { add }: Parameters) => `
  settled as (
    delete from replay_deferrals d
    using moved m join unnest(
      ${add(sequences.map(({ change }) => change))}::bigint[],
      ${add(sequences.map(({ value }) => value))}::bigint[]
    ) as s (change, sequence) using (change)
    where d.namespace = m.namespace and d.subscription = m.subscription and d.replay = m.replay
      and d.sequence = s.sequence
  )`

/** The statement and its parameters. `reasonOf` writes the reason of a dead letter as it is stored. */
export const replayCommit = (
  changes: ReadonlyArray<ReplayChange>,
  reasonOf: (letter: NewDeadLetter) => string,
): readonly [sql: string, parameters: ReadonlyArray<unknown>] => {
  const values: Array<unknown> = []
  const parameters: Parameters = { add: (value) => `$${values.push(value)}` }
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
  const parts = [
    moved(changes, parameters),
    ...(deferrals.length > 0 ? [deferred(deferrals, parameters)] : []),
    ...(sequences.length > 0 ? [settled(sequences, parameters)] : []),
    ...(letters.length > 0 ? [dead(letters, reasonOf, parameters)] : []),
  ]
  return [`with ${parts.join(",")}\n  select count(*) from moved`, values]
}
