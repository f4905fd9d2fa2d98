// Positions, deferrals and dead letters in SQL.

import type { SqlClient } from "@effect/sql"
import { Effect, Option, Schedule, Schema } from "effect"
import type {
  DeadLetter,
  Deferral,
  DeliveryLog,
  KeptEvent,
  NewDeadLetter,
  SubscriptionProgress,
} from "../../../actors/index.js"
import {
  type AttemptOutcome,
  DeadLetterReason,
  type NamespaceName,
  type Reason,
  type ReplayId,
  type Sequence,
  type SubscriptionName,
} from "../../../domain/index.js"
import { progressCommit, type ProgressCommitOptions } from "./ProgressCommit.js"
import { answering, isConflict } from "./StoreFailure.js"

const ReasonText = Schema.parseJson(DeadLetterReason)
const encodeReason = Schema.encodeSync(ReasonText)
const decodeReason = Schema.decodeSync(ReasonText)

export type DeliveryLogOptions = Pick<ProgressCommitOptions, "positionsMayLag">

export interface DeferralRow {
  readonly sequence: Sequence
  readonly attempts: number
  readonly due_at: number | null
  readonly since: number
  readonly parked_since: number | null
  readonly order_key: string | null
  readonly reason: Reason
  readonly of_replay?: ReplayId | null
}

interface DeadLetterRow {
  readonly namespace: NamespaceName
  readonly id: string
  readonly subscription: SubscriptionName
  readonly sequence: Sequence
  readonly attempts: number
  readonly first_attempt_at: number
  readonly dead_at: number
  readonly reason: string
  readonly accepted_at: number
  readonly event: string
  readonly of_replay: ReplayId | null
}

type Sub<Row> = Row & { readonly subscription: SubscriptionName }

interface AttemptRow {
  readonly sequence: Sequence
  readonly since: number
  readonly started_at: number
  readonly attempt: number
  readonly duration_ms: number
  readonly status: number | null
  readonly outcome: AttemptOutcome
  readonly reason: Reason | null
  /** Empty for one of the live flow: it is part of the key. */
  readonly of_replay: ReplayId | ""
}

export const makeDeliveryLog = (
  sql: SqlClient.SqlClient,
  { positionsMayLag }: DeliveryLogOptions,
): typeof DeliveryLog.Service => ({
  commit: (changes) =>
    changes.length === 0
      ? Effect.void
      : Effect.suspend(() => {
          const [text, parameters] = progressCommit(changes, {
            reasonOf: reasonText,
            positionsMayLag,
          })
          return sql.unsafe(text, parameters)
        }).pipe(
          Effect.retry({ while: isConflict, schedule: Schedule.recurs(3) }),
          Effect.asVoid,
          answering("commit progress"),
        ),
  progress: (namespace) =>
    sql<SubscriptionProgress>`
      select subscription, position, acknowledged, started_after as "startedAfter" from positions
      where namespace = ${namespace} order by subscription`.pipe(answering("read progress")),
  progressOf: (namespace, subscription) =>
    sql<SubscriptionProgress>`
      select subscription, position, acknowledged, started_after as "startedAfter" from positions
      where namespace = ${namespace} and subscription = ${subscription}`.pipe(
      Effect.map(([row]) => Option.fromNullable(row)),
      answering("read progress"),
    ),
  deferrals: (namespace, subscription, after, limit) =>
    sql<DeferralRow>`
      select sequence, attempts, due_at, since, parked_since, order_key, reason,
            of_replay
          from deferrals
      where namespace = ${namespace} and subscription = ${subscription} and sequence > ${after}
      order by sequence limit ${limit}`.pipe(
      Effect.map((rows) => rows.map(deferralOf)),
      answering("read deferrals"),
    ),
  recordsOf: (namespace, sequence, subscriptions) =>
    Effect.all(
      {
        deferrals: sql<Sub<DeferralRow>>`
          select subscription, sequence, attempts, due_at, since, parked_since, order_key, reason,
            of_replay
          from deferrals
          where namespace = ${namespace} and sequence = ${sequence}
            and subscription = any(${subscriptions}::text[])`,
        deadLetters: sql<Sub<Pick<DeadLetterRow, "id" | "reason" | "dead_at" | "of_replay">>>`
          select id, subscription, reason, dead_at, of_replay from dead_letters
          where namespace = ${namespace} and sequence = ${sequence}
            and subscription = any(${subscriptions}::text[])
          order by id`,
        attempts: sql<Sub<AttemptRow>>`
          select * from attempts
          where namespace = ${namespace} and sequence = ${sequence}
            and subscription = any(${subscriptions}::text[])`,
      },
      { concurrency: "unbounded" },
    ).pipe(
      Effect.map(({ deferrals, deadLetters, attempts }) => ({
        deferrals: deferrals.map((row) => ({
          ...deferralOf(row),
          subscription: row.subscription,
        })),
        deadLetters: deadLetters.map(({ id, subscription, reason, dead_at, of_replay }) => ({
          id,
          subscription,
          reason: decodeReason(reason),
          deadAt: dead_at,
          ...(of_replay === null ? {} : { replay: of_replay }),
        })),
        attempts: attempts.map(attemptOf),
      })),
      answering("read the records of an event"),
    ),
  forgetAttempts: (namespace, which, limit) =>
    sql<{ readonly rows: number }>`
      with forgotten as (
        delete from attempts where ctid = any (array(
          ${
            "subscription" in which
              ? sql`
                select ctid from attempts
                where namespace = ${namespace} and subscription = ${which.subscription}
                limit ${limit}`
              : sql`
                select a.place from positions p cross join lateral (
                  select ctid as place from attempts
                  where namespace = p.namespace and subscription = p.subscription
                    and sequence <= ${which.upTo}
                  limit ${limit}
                ) a
                where p.namespace = ${namespace} limit ${limit}`
          }
        ))
        returning 1
      )
      select count(*) as rows from forgotten`.pipe(
      Effect.map(([row]) => row?.rows ?? 0),
      answering("forget attempts"),
    ),
  keptEvent: (namespace, subscription, sequence) =>
    sql<KeptEvent>`
      select event as json, accepted_at as "acceptedAt" from deferrals
      where namespace = ${namespace} and subscription = ${subscription}
        and sequence = ${sequence} and event is not null`.pipe(
      Effect.map(([row]) => Option.fromNullable(row)),
      answering("read the event of a deferral"),
    ),
  slowestPosition: (namespace) =>
    sql<{ readonly position: Sequence | null }>`
      select min(least(p.position, (
        select min(d.sequence) - 1 from deferrals d
        where d.namespace = p.namespace and d.subscription = p.subscription and d.event is null
      ))) as position
      from positions p where p.namespace = ${namespace}`.pipe(
      Effect.map(([row]) => row?.position ?? undefined),
      answering("find the slowest position"),
    ),
  deadLetters: ({ namespace, subscription, kind, since, before, after, limit }) =>
    sql<DeadLetterRow>`
      select * from dead_letters where ${sql.and([
        sql`namespace = ${namespace}`,
        sql`id > ${after ?? ""}`,
        ...(subscription === undefined ? [] : [sql`subscription = ${subscription}`]),
        ...(kind === undefined ? [] : [sql`reason::jsonb ->> '_tag' = ${kind}`]),
        ...(since === undefined ? [] : [sql`dead_at >= ${since}`]),
        ...(before === undefined ? [] : [sql`dead_at < ${before}`]),
      ])}
      order by id limit ${limit}`.pipe(
      Effect.map((rows) => rows.map(deadLetterOf)),
      answering("list dead letters"),
    ),
  getDeadLetter: (namespace, id) =>
    sql<DeadLetterRow>`
      select * from dead_letters where namespace = ${namespace} and id = ${id}`.pipe(
      Effect.map(([row]) => Option.map(Option.fromNullable(row), deadLetterOf)),
      answering("get a dead letter"),
    ),
  deleteDeadLetter: (namespace, id) =>
    sql`
      delete from dead_letters where namespace = ${namespace} and id = ${id} returning id`.pipe(
      Effect.map((rows) => rows.length > 0),
      answering("delete a dead letter"),
    ),
  backlog: (after, limit) =>
    sql<{ readonly name: NamespaceName }>`
      select n.name from namespaces n
      where n.name > ${after ?? ""} and n.status = 'enabled' and exists (
        select from subscriptions s
        join positions p on p.namespace = s.namespace and p.subscription = s.name
        where s.namespace = n.name and s.status = 'active' and (
          p.position < (select max(e.sequence) from events e where e.namespace = n.name)
          or exists (
            select from deferrals d
            where d.namespace = p.namespace and d.subscription = p.subscription
          )
          or exists (
            select from replays r where r.namespace = s.namespace and r.subscription = s.name
              and r.status = 'running'
          )
        )
      )
      order by n.name limit ${limit}`.pipe(
      Effect.map((rows) => rows.map(({ name }) => name)),
      answering("find namespaces with a backlog"),
    ),
})

export const reasonText = ({ reason }: NewDeadLetter): string => encodeReason(reason)

export const deferralOf = (row: DeferralRow): Deferral => ({
  sequence: row.sequence,
  orderKey: row.order_key ?? undefined,
  attempts: row.attempts,
  dueAt: row.due_at ?? undefined,
  since: row.since,
  parkedSince: row.parked_since ?? undefined,
  reason: row.reason,
  ...(typeof row.of_replay === "string" ? { replay: row.of_replay } : {}),
})

const attemptOf = (row: Sub<AttemptRow>) => ({
  subscription: row.subscription,
  sequence: row.sequence,
  since: row.since,
  startedAt: row.started_at,
  attempt: row.attempt,
  durationMillis: row.duration_ms,
  outcome: row.outcome,
  ...(row.status === null ? {} : { status: row.status }),
  ...(row.reason === null ? {} : { reason: row.reason }),
  ...(row.of_replay === "" ? {} : { replay: row.of_replay }),
})

const deadLetterOf = (row: DeadLetterRow): DeadLetter => ({
  namespace: row.namespace,
  subscription: row.subscription,
  id: row.id,
  sequence: row.sequence,
  json: row.event,
  acceptedAt: row.accepted_at,
  reason: decodeReason(row.reason),
  attempts: row.attempts,
  firstAttemptAt: row.first_attempt_at,
  deadAt: row.dead_at,
  ...(row.of_replay === null ? {} : { replay: row.of_replay }),
})
