// The commit of replays as one statement: what that of progress is for subscriptions. Each part touches
// only what belongs to a replay that was moved: one that has ended, or is gone, moves no more.

import type { NewDeadLetter, ReplayChange } from "../../../actors/index.js"
import { attemptParts } from "./AttemptParts.js"
import { commonParts, type DeferralTable, type Parameters } from "./CommitParts.js"

const deferralTable: DeferralTable = {
  table: "replay_deferrals",
  key: "namespace, subscription, replay",
  isMarked: false,
}

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

/** The statement and its parameters. `reasonOf` writes the reason of a dead letter as it is stored. */
export const replayCommit = (
  changes: ReadonlyArray<ReplayChange>,
  reasonOf: (letter: NewDeadLetter) => string,
): readonly [sql: string, parameters: ReadonlyArray<unknown>] => {
  const values: Array<unknown> = []
  const parameters: Parameters = { add: (value) => `$${values.push(value)}` }
  const parts = [
    moved(changes, parameters),
    ...commonParts(changes, deferralTable, reasonOf, parameters),
    ...attemptParts(changes, parameters),
  ]
  return [`with ${parts.join(",")}\n  select count(*) from moved`, values]
}
