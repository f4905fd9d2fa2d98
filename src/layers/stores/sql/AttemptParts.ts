// The part of a commit that keeps attempts, of subscriptions and of replays. It touches only what belongs
// to a row of the part `moved`.

import type { Attempt } from "../../../actors/index.js"
import { gather, type Of, type Parameters } from "./CommitParts.js"

/**
 * Numbers and ids of replays hold no commas and go as joined texts (an empty one is an array of nothing);
 * reasons are rare, and left out at the end if none.
 */
const tried = (attempts: ReadonlyArray<Of<Attempt>>, { add }: Parameters) => {
  const numbers = (of: (attempt: Attempt) => number | undefined) =>
    `string_to_array(${add(attempts.map(({ value }) => of(value) ?? "").join(","))}, ',', '')`
  const reasons = attempts.some(({ value }) => value.reason !== undefined)
    ? attempts.map(({ value }) => value.reason ?? null)
    : []
  return `
  tried as (
    insert into attempts (namespace, subscription, sequence, since, started_at, attempt, duration_ms,
      status, outcome, of_replay, reason)
    select namespace, subscription, sequence, since, started_at, attempt, duration_ms, status,
      outcome, coalesce(of_replay, ''), reason
    from unnest(
      string_to_array(${add(attempts.map(({ change }) => change).join(","))}, ',')::bigint[],
      ${numbers(({ sequence }) => sequence)}::bigint[],
      ${numbers(({ since }) => since)}::bigint[],
      ${numbers(({ startedAt }) => startedAt)}::bigint[],
      ${numbers(({ attempt }) => attempt)}::integer[],
      ${numbers(({ durationMillis }) => Math.round(durationMillis))}::integer[],
      ${numbers(({ status }) => status)}::integer[],
      string_to_array(${add(attempts.map(({ value }) => value.outcome).join(","))}, ','),
      string_to_array(${add(attempts.map(({ value }) => value.replay ?? "").join(","))}, ','),
      ${add(reasons)}::text[]
    ) as t (change, sequence, since, started_at, attempt, duration_ms, status, outcome, of_replay,
      reason)
    join moved using (change)
    on conflict (namespace, subscription, sequence, since, attempt, of_replay) do update set
      started_at = excluded.started_at, duration_ms = excluded.duration_ms,
      status = excluded.status, outcome = excluded.outcome, reason = excluded.reason
  )`
}

/** The part, if there are attempts. */
export const attemptParts = (
  changes: ReadonlyArray<{ readonly attempts: ReadonlyArray<Attempt> }>,
  parameters: Parameters,
): ReadonlyArray<string> => {
  const attempts = gather(
    changes,
    (change) => change.attempts,
    ({ sequence, since, attempt, replay }) => `${sequence} ${since} ${attempt} ${replay ?? ""}`,
  )
  return attempts.length > 0 ? [tried(attempts, parameters)] : []
}
