// The registry in SQL. Records are stored as the JSON that their schemas encode to.

import type { SqlClient } from "@effect/sql"
import { Effect, Option, Schema } from "effect"
import type { Registry } from "../../../actors/index.js"
import {
  HostType,
  Namespace,
  NamespaceStatus,
  Settings,
  Sink,
  Subscription,
} from "../../../domain/index.js"
import { answering } from "./StoreFailure.js"

interface Stored {
  readonly record: string
}

/** A record and its JSON text. What this store wrote reads back, so a failure to do so is a defect. */
const codec = <A, I>(schema: Schema.Schema<A, I>) => {
  const text = Schema.parseJson(schema)
  const encode = Schema.encode(text)
  const decode = Schema.decode(text)
  return {
    encode: (value: A) => Effect.orDie(encode(value)),
    decodeAll: (rows: ReadonlyArray<Stored>) =>
      Effect.forEach(rows, ({ record }) => Effect.orDie(decode(record))),
    decodeFirst: ([row]: ReadonlyArray<Stored>) =>
      row === undefined
        ? Effect.succeed(Option.none<A>())
        : Effect.map(Effect.orDie(decode(row.record)), Option.some),
  }
}

const hostTypes = codec(HostType)
const settings = codec(Settings)
const sinkRecords = codec(Sink.omit("retiring"))
const subscriptions = codec(Subscription)

const NamespaceRow = Schema.Struct({
  name: Namespace.fields.name,
  incarnation: Schema.String,
  host_type: Schema.NullOr(Schema.typeSchema(Namespace.fields.hostType.from)),
  overrides: Schema.parseJson(Settings),
  status: NamespaceStatus,
  created_at: Schema.Number,
  updated_at: Schema.Number,
})
const decodeNamespaceRows = Schema.decodeUnknown(Schema.Array(NamespaceRow))

const namespacesOf = (rows: ReadonlyArray<unknown>): Effect.Effect<ReadonlyArray<Namespace>> =>
  Effect.map(Effect.orDie(decodeNamespaceRows(rows)), (decoded) =>
    decoded.map(({ name, incarnation, host_type, overrides, status, created_at, updated_at }) => ({
      name,
      incarnation,
      ...(host_type === null ? {} : { hostType: host_type }),
      overrides,
      status,
      createdAt: created_at,
      updatedAt: updated_at,
    })),
  )

/** Whether a statement that returns what it changed has changed anything. */
const changed = (rows: ReadonlyArray<unknown>): boolean => rows.length > 0

export const makeRegistry = (sql: SqlClient.SqlClient): typeof Registry.Service => ({
  ...hostTypeOperations(sql),
  ...namespaceOperations(sql),
  ...sinkOperations(sql),
  ...subscriptionOperations(sql),
})

const hostTypeOperations = (sql: SqlClient.SqlClient) =>
  ({
    putHostType: (hostType) =>
      hostTypes.encode(hostType).pipe(
        Effect.flatMap(
          (record) => sql`
            insert into host_types (name, record) values (${hostType.name}, ${record})
            on conflict (name) do update set record = excluded.record`,
        ),
        Effect.asVoid,
        answering("store a host type"),
      ),
    getHostType: (name) =>
      sql<Stored>`select record from host_types where name = ${name}`.pipe(
        Effect.flatMap(hostTypes.decodeFirst),
        answering("get a host type"),
      ),
    listHostTypes: ({ after, limit }) =>
      sql<Stored>`
        select record from host_types where name > ${after ?? ""} order by name limit ${limit}`.pipe(
        Effect.flatMap(hostTypes.decodeAll),
        answering("list host types"),
      ),
    deleteHostType: (name) =>
      sql`delete from host_types where name = ${name} returning name`.pipe(
        Effect.map(changed),
        // After the row is gone none is added, so that this finds them all.
        Effect.tap(() => sql`delete from host_type_event_types where host_type = ${name}`),
        sql.withTransaction,
        answering("delete a host type"),
      ),
  }) satisfies Partial<typeof Registry.Service>

const namespaceOperations = (sql: SqlClient.SqlClient) =>
  ({
    putNamespace: (namespace) =>
      settings.encode(namespace.overrides).pipe(
        Effect.flatMap(
          (overrides) => sql`
            insert into namespaces
              (name, incarnation, host_type, overrides, status, created_at, updated_at)
            values (
              ${namespace.name}, ${namespace.incarnation}, ${namespace.hostType ?? null},
              ${overrides}, ${namespace.status}, ${namespace.createdAt}, ${namespace.updatedAt}
            )
            on conflict (name) do update set
              host_type = excluded.host_type,
              overrides = excluded.overrides,
              status = case namespaces.status when 'removing' then 'removing' else excluded.status end,
              updated_at = excluded.updated_at`,
        ),
        Effect.asVoid,
        answering("store a namespace"),
      ),
    getNamespace: (name) =>
      sql`select * from namespaces where name = ${name}`.pipe(
        Effect.flatMap(namespacesOf),
        Effect.map(([namespace]) => Option.fromNullable(namespace)),
        answering("get a namespace"),
      ),
    listNamespaces: ({ after, limit, hostType }) =>
      sql`
        select * from namespaces where ${sql.and([
          sql`name > ${after ?? ""}`,
          ...(hostType === undefined ? [] : [sql`host_type = ${hostType}`]),
        ])}
        order by name limit ${limit}`.pipe(
        Effect.flatMap(namespacesOf),
        answering("list namespaces"),
      ),
    countNamespaces: (hostType) =>
      sql<{ readonly count: number }>`
        select count(*) as count from namespaces where host_type = ${hostType}`.pipe(
        Effect.map(([row]) => row?.count ?? 0),
        answering("count namespaces"),
      ),
    setNamespaceStatus: (name, status, at) =>
      sql`
        update namespaces set status = ${status}, updated_at = ${at}
        where name = ${name} and status <> 'removing' returning name`.pipe(
        Effect.map(changed),
        answering("set the status of a namespace"),
      ),
  }) satisfies Partial<typeof Registry.Service>

/** What was rotated out stands apart from the record, so that it can be found and erased by its time. */
interface SinkRow extends Stored {
  readonly retiring: string | null
  readonly retiring_until: number | null
}

const sinksOf = (rows: ReadonlyArray<SinkRow>): Effect.Effect<ReadonlyArray<Sink>> =>
  Effect.map(sinkRecords.decodeAll(rows), (records) =>
    records.map((record, index) => {
      const { retiring: sealed = null, retiring_until: until = null } = rows[index] ?? {}
      return sealed === null || until === null ? record : { ...record, retiring: { sealed, until } }
    }),
  )

const sinkOperations = (sql: SqlClient.SqlClient) =>
  ({
    putSink: ({ retiring, ...sink }) =>
      sinkRecords.encode(sink).pipe(
        Effect.flatMap(
          (record) => sql`
            insert into sinks (namespace, name, record, retiring, retiring_until)
            values (
              ${sink.namespace}, ${sink.name}, ${record},
              ${retiring?.sealed ?? null}, ${retiring?.until ?? null}
            )
            on conflict (namespace, name) do update set
              record = excluded.record,
              retiring = excluded.retiring,
              retiring_until = excluded.retiring_until`,
        ),
        Effect.asVoid,
        answering("store a sink"),
      ),
    getSink: (namespace, name) =>
      sql<SinkRow>`
        select record, retiring, retiring_until from sinks
        where namespace = ${namespace} and name = ${name}`.pipe(
        Effect.flatMap(sinksOf),
        Effect.map(([sink]) => Option.fromNullable(sink)),
        answering("get a sink"),
      ),
    listSinks: (namespace) =>
      sql<SinkRow>`
        select record, retiring, retiring_until from sinks
        where namespace = ${namespace} order by name`.pipe(
        Effect.flatMap(sinksOf),
        answering("list sinks"),
      ),
    eraseRetired: (now) =>
      sql`
        update sinks set retiring = null, retiring_until = null
        where retiring_until <= ${now} returning name`.pipe(
        Effect.map((rows) => rows.length),
        answering("erase what was rotated out"),
      ),
    deleteSink: (namespace, name) =>
      sql`
        delete from sinks where namespace = ${namespace} and name = ${name} returning name`.pipe(
        Effect.map(changed),
        answering("delete a sink"),
      ),
  }) satisfies Partial<typeof Registry.Service>

const subscriptionOperations = (sql: SqlClient.SqlClient) =>
  ({
    createSubscription: (subscription, position) =>
      subscriptions.encode(subscription).pipe(
        Effect.flatMap(
          (record) => sql`
            with placed as (
              insert into positions
                (namespace, subscription, position, acknowledged, started_after)
              values (
                ${subscription.namespace}, ${subscription.name}, ${position}, ${String(position)},
                ${position}
              )
              on conflict (namespace, subscription) do nothing
            )
            insert into subscriptions (namespace, name, status, record)
            values (
              ${subscription.namespace}, ${subscription.name}, ${subscription.status}, ${record}
            )
            on conflict (namespace, name) do update
              set status = excluded.status, record = excluded.record`,
        ),
        Effect.asVoid,
        answering("create a subscription"),
      ),
    updateSubscription: (subscription) =>
      subscriptions.encode(subscription).pipe(
        Effect.flatMap(
          (record) => sql`
            update subscriptions set status = ${subscription.status}, record = ${record}
            where namespace = ${subscription.namespace} and name = ${subscription.name}
            returning name`,
        ),
        Effect.map(changed),
        answering("update a subscription"),
      ),
    getSubscription: (namespace, name) =>
      sql<Stored>`
        select record from subscriptions where namespace = ${namespace} and name = ${name}`.pipe(
        Effect.flatMap(subscriptions.decodeFirst),
        answering("get a subscription"),
      ),
    listSubscriptions: (namespace) =>
      sql<Stored>`
        select record from subscriptions where namespace = ${namespace} order by name`.pipe(
        Effect.flatMap(subscriptions.decodeAll),
        answering("list subscriptions"),
      ),
    /** Deferred deliveries go with the position or the replay that they refer to. */
    deleteSubscription: (namespace, name) =>
      sql`
        with unplaced as (
          delete from positions where namespace = ${namespace} and subscription = ${name}
        ), unplayed as (
          delete from replays where namespace = ${namespace} and subscription = ${name}
        )
        delete from subscriptions where namespace = ${namespace} and name = ${name}
        returning name`.pipe(Effect.map(changed), answering("delete a subscription")),
  }) satisfies Partial<typeof Registry.Service>
