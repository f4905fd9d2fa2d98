// Keys in SQL.

import type { SqlClient } from "@effect/sql"
import { Effect, Option, Schema } from "effect"
import type { Keys } from "../../../actors/index.js"
import { NamespaceKey } from "../../../domain/index.js"
import { answering } from "./StoreFailure.js"

interface Row {
  readonly record: string
  readonly last_used_at: number | null
}

const KeyText = Schema.parseJson(NamespaceKey)
const encode = Schema.encode(KeyText)
const decode = Schema.decode(KeyText)

/** What this store wrote reads back, so a failure to do so is a defect. */
const keyOf = ({ record, last_used_at }: Row): Effect.Effect<NamespaceKey> =>
  Effect.map(Effect.orDie(decode(record)), (key) =>
    last_used_at === null ? key : { ...key, lastUsedAt: last_used_at },
  )

export const makeKeys = (sql: SqlClient.SqlClient): typeof Keys.Service => ({
  // The row of the namespace is locked: a removal begins before this, or after it has committed.
  add: ({ key, digest }) => {
    const { lastUsedAt, ...rest } = key
    return Effect.orDie(encode(rest)).pipe(
      Effect.flatMap(
        (record) => sql`
          insert into keys (id, namespace, digest, record, last_used_at)
          select ${key.id}, name, ${digest}, ${record}, ${lastUsedAt ?? null}
          from namespaces where name = ${key.namespace} and status <> 'removing' for share
          returning id`,
      ),
      Effect.map((rows) => rows.length > 0),
      answering("store a key"),
    )
  },
  find: (id) =>
    sql<Row & { readonly digest: string }>`
      select record, last_used_at, digest from keys where id = ${id}`.pipe(
      Effect.flatMap(([row]) =>
        row === undefined
          ? Effect.succeedNone
          : Effect.map(keyOf(row), (key) => Option.some({ key, digest: row.digest })),
      ),
      answering("find a key"),
    ),
  list: (namespace, { after, limit }) =>
    sql<Row>`
      select record, last_used_at from keys
      where namespace = ${namespace} and id > ${after ?? ""} order by id limit ${limit}`.pipe(
      Effect.flatMap(Effect.forEach(keyOf)),
      answering("list keys"),
    ),
  count: (namespace) =>
    sql<{ readonly count: number }>`
      select count(*) as count from keys where namespace = ${namespace}`.pipe(
      Effect.map(([row]) => row?.count ?? 0),
      answering("count keys"),
    ),
  delete: (namespace, id) =>
    sql`delete from keys where namespace = ${namespace} and id = ${id} returning id`.pipe(
      Effect.map((rows) => rows.length > 0),
      answering("delete a key"),
    ),
  touch: (uses) =>
    uses.length === 0
      ? Effect.void
      : sql`
          update keys set last_used_at = used.at
          from unnest(${uses.map(({ id }) => id)}::text[], ${uses.map(({ at }) => at)}::bigint[])
            as used (id, at)
          where keys.id = used.id and coalesce(keys.last_used_at, 0) < used.at`.pipe(
          Effect.asVoid,
          answering("note the use of keys"),
        ),
})
