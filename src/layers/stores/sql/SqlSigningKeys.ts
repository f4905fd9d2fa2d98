// Signing keys in SQL.

import type { SqlClient } from "@effect/sql"
import { Effect, Schema } from "effect"
import type { SigningKeys } from "../../../actors/index.js"
import { SigningKey } from "../../../domain/index.js"
import { answering } from "./StoreFailure.js"

const Row = Schema.Struct({
  namespace: SigningKey.fields.namespace,
  key_set: SigningKey.fields.keySet,
  kid: Schema.String,
  public_key: Schema.String,
  sealed: Schema.String,
  created_at: Schema.Number,
  until: Schema.NullOr(Schema.Number),
})
const decodeRows = Schema.decodeUnknown(Schema.Array(Row))

/** What this store wrote reads back, so a failure to do so is a defect. */
const keysOf = (rows: ReadonlyArray<unknown>): Effect.Effect<ReadonlyArray<SigningKey>> =>
  Effect.map(Effect.orDie(decodeRows(rows)), (decoded) =>
    decoded.map(({ namespace, key_set, kid, public_key, sealed, created_at, until }) => ({
      namespace,
      keySet: key_set,
      kid,
      publicKey: public_key,
      sealed,
      createdAt: created_at,
      ...(until === null ? {} : { until }),
    })),
  )

export const makeSigningKeys = (sql: SqlClient.SqlClient): typeof SigningKeys.Service => {
  const order = sql.literal("order by until is not null, created_at desc")
  return {
    list: (namespace) =>
      sql`select * from signing_keys where namespace = ${namespace} ${order}`.pipe(
        Effect.flatMap(keysOf),
        answering("list signing keys"),
      ),
    ofSet: (keySet) =>
      sql`select * from signing_keys where key_set = ${keySet} ${order}`.pipe(
        Effect.flatMap(keysOf),
        answering("find a set of keys"),
      ),
    // The row of the namespace is locked: a removal begins before this, or after it has committed.
    add: (key, formerUntil) => {
      const former =
        formerUntil === undefined
          ? sql`delete from signing_keys where namespace in (select name from room)`
          : sql`
              update signing_keys set until = ${formerUntil}
              where namespace in (select name from room) and until is null`
      return sql`
        with room as (
          select name from namespaces
          where name = ${key.namespace} and status <> 'removing' for share
        ), former as (${former})
        insert into signing_keys
          (namespace, key_set, kid, public_key, sealed, created_at, until)
        select
          name, ${key.keySet}, ${key.kid}, ${key.publicKey}, ${key.sealed}, ${key.createdAt}::bigint,
          ${key.until ?? null}::bigint
        from room returning kid`.pipe(
        Effect.map((rows) => rows.length > 0),
        answering("store a signing key"),
      )
    },
    eraseRetired: (now) =>
      sql`delete from signing_keys where until <= ${now} returning kid`.pipe(
        Effect.map((rows) => rows.length),
        answering("erase signing keys that were rotated out"),
      ),
  }
}
