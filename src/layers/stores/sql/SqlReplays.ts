// Replays in SQL.

import type { SqlClient } from "@effect/sql"
import { Effect, Option, Schedule, Schema } from "effect"
import type { ReplayKey, Replays } from "../../../actors/index.js"
import {
  type NamespaceName,
  type Replay,
  type ReplayId,
  ReplayPace,
  type ReplayStatus,
  type Sequence,
  type SubscriptionName,
} from "../../../domain/index.js"
import { replayCommit } from "./ReplayCommit.js"
import { type DeferralRow, deferralOf, reasonText } from "./SqlDeliveryLog.js"
import { answering, isConflict } from "./StoreFailure.js"

const PaceText = Schema.parseJson(ReplayPace)
const encodePace = Schema.encodeSync(PaceText)
const decodePace = Schema.decodeSync(PaceText)

interface ReplayRow {
  readonly namespace: NamespaceName
  readonly subscription: SubscriptionName
  readonly id: ReplayId
  readonly from_sequence: Sequence
  readonly to_sequence: Sequence
  readonly pace: string
  readonly status: ReplayStatus
  readonly position: Sequence
  readonly delivered: number
  readonly failed: number
  readonly dead: number
  readonly skipped: number
  readonly created_at: number
  readonly ended_at: number | null
}

export const makeReplays = (sql: SqlClient.SqlClient): typeof Replays.Service => {
  const at = ({ namespace, subscription, id }: ReplayKey) =>
    sql.and([sql`namespace = ${namespace}`, sql`subscription = ${subscription}`, sql`id = ${id}`])
  return {
    create: (replay, keep) =>
      sql`
        with forgotten as (
          delete from replays r where r.namespace = ${replay.namespace}
            and r.subscription = ${replay.subscription} and r.status <> 'running' and r.id not in (
              select k.id from replays k where k.namespace = r.namespace
                and k.subscription = r.subscription and k.status <> 'running'
              order by k.id desc limit ${keep}
            )
        )
        insert into replays (
          namespace, subscription, id, from_sequence, to_sequence, pace, status, position,
          acknowledged, delivered, failed, dead, skipped, created_at, ended_at
        )
        select ${replay.namespace}, ${replay.subscription}, ${replay.id}, ${replay.from}::bigint,
          ${replay.to}::bigint, ${encodePace(replay.pace)}, ${replay.status},
          ${replay.position}::bigint, ${String(replay.position)}, ${replay.delivered}::bigint,
          ${replay.failed}::bigint, ${replay.dead}::bigint, ${replay.skipped}::bigint,
          ${replay.createdAt}::bigint, ${replay.endedAt ?? null}::bigint
        where exists (
          select from subscriptions s
          where s.namespace = ${replay.namespace} and s.name = ${replay.subscription}
        )
        returning id`.pipe(
        Effect.map((rows) => rows.length > 0),
        answering("create a replay"),
      ),
    get: (key) =>
      sql<ReplayRow>`select * from replays where ${at(key)}`.pipe(
        Effect.map(([row]) => Option.map(Option.fromNullable(row), replayOf)),
        answering("get a replay"),
      ),
    list: (namespace, subscription) =>
      sql<ReplayRow>`
        select * from replays where namespace = ${namespace} and subscription = ${subscription}
        order by id`.pipe(
        Effect.map((rows) => rows.map(replayOf)),
        answering("list replays"),
      ),
    running: (namespace) =>
      sql<ReplayRow>`
        select * from replays where namespace = ${namespace} and status = 'running'
        order by subscription, id`.pipe(
        Effect.map((rows) => rows.map(replayOf)),
        answering("list replays"),
      ),
    acknowledged: (key) =>
      sql<{ readonly acknowledged: string }>`
        select acknowledged from replays where ${at(key)}`.pipe(
        Effect.map(([row]) => Option.fromNullable(row?.acknowledged)),
        answering("read the progress of a replay"),
      ),
    deferrals: ({ namespace, subscription, id }, after, limit) =>
      sql<DeferralRow>`
        select sequence, attempts, due_at, since, parked_since, order_key, reason from replay_deferrals
        where namespace = ${namespace} and subscription = ${subscription} and replay = ${id}
          and sequence > ${after}
        order by sequence limit ${limit}`.pipe(
        Effect.map((rows) => rows.map(deferralOf)),
        answering("read the deferrals of a replay"),
      ),
    commit: (changes) =>
      changes.length === 0
        ? Effect.void
        : Effect.suspend(() => {
            const [text, parameters] = replayCommit(changes, reasonText)
            return sql.unsafe(text, parameters)
          }).pipe(
            Effect.retry({ while: isConflict, schedule: Schedule.recurs(3) }),
            Effect.asVoid,
            answering("commit replays"),
          ),
    end: (key, status, time) =>
      sql<ReplayRow>`
        with ended as (
          update replays set status = ${status}, ended_at = ${time}
          where ${at(key)} and status = 'running' returning *
        ), let_go as (
          delete from replay_deferrals d using ended e
          where d.namespace = e.namespace and d.subscription = e.subscription and d.replay = e.id
        )
        select * from ended
        union all
        select * from replays where ${at(key)} and status <> 'running'`.pipe(
        Effect.map(([row]) => Option.map(Option.fromNullable(row), replayOf)),
        answering("end a replay"),
      ),
  }
}

const replayOf = (row: ReplayRow): Replay => ({
  namespace: row.namespace,
  subscription: row.subscription,
  id: row.id,
  from: row.from_sequence,
  to: row.to_sequence,
  pace: decodePace(row.pace),
  status: row.status,
  position: row.position,
  delivered: row.delivered,
  failed: row.failed,
  dead: row.dead,
  skipped: row.skipped,
  createdAt: row.created_at,
  endedAt: row.ended_at ?? undefined,
})
