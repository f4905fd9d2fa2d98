// What the server's catalog says of types and keys.

import { Effect } from "effect"
import type { Client } from "pg"
import type { SourceProblem, Wal } from "../../../domain/index.js"
import { type DatabaseRow, query, textAt } from "./Connect.js"

// Types without storage of their own (pseudo-types) are never those of a column. A true array has a
// variable length; `int2vector` and its like are written with spaces.
const typesQuery = `
  select t.oid::int8::text as oid, t.typname as name, t.typtype as kind,
    case when t.typelem <> 0 and t.typlen = -1 and t.typcategory = 'A' then t.typelem::int8::text end
      as element,
    (select e.typdelim from pg_catalog.pg_type e where e.oid = t.typelem) as delimiter,
    t.typbasetype::int8::text as base,
    coalesce(
      (select r.rngsubtype from pg_catalog.pg_range r where r.rngtypid = t.oid),
      (select r.rngsubtype from pg_catalog.pg_range r
       where to_jsonb(r) ->> 'rngmultitypid' = t.oid::int8::text)
    )::int8::text as bound,
    (select json_agg(json_build_object('name', a.attname, 'type', a.atttypid::int8) order by a.attnum)
     from pg_catalog.pg_attribute a
     where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)
      as fields
  from pg_catalog.pg_type t
  where t.oid = any ($1::oid[])`

export const describeTypes = (
  client: Client,
  oids: ReadonlyArray<Wal.Oid>,
): Effect.Effect<ReadonlyArray<readonly [Wal.Oid, Wal.PgType]>, SourceProblem> =>
  Effect.map(query(client, typesQuery, [oids]), (rows) =>
    rows.map((row): readonly [Wal.Oid, Wal.PgType] => [Number(textAt(row, "oid")), typeOf(row)]),
  )

const typeOf = (row: DatabaseRow): Wal.PgType => {
  const element = textAt(row, "element")
  if (element !== undefined) {
    const delimiter = textAt(row, "delimiter") ?? ","
    return { kind: "array", element: Number(element), delimiter }
  }
  const name = textAt(row, "name") ?? ""
  const bound = Number(textAt(row, "bound"))
  switch (textAt(row, "kind")) {
    case "d":
      return { kind: "domain", base: Number(textAt(row, "base")) }
    case "c":
      return { kind: "composite", fields: fieldsOf(row["fields"]) }
    case "r":
      return { kind: "range", bound }
    case "m":
      return { kind: "multirange", bound }
    // A type of a user may have the name of a built-in one, but not its values.
    case "e":
      return { kind: "scalar", name: "text" }
    default:
      return { kind: "scalar", name }
  }
}

const fieldsOf = (
  value: unknown,
): ReadonlyArray<{ readonly name: string; readonly type: number }> =>
  Array.isArray(value)
    ? value.flatMap((field: unknown) =>
        typeof field === "object" && field !== null && "name" in field && "type" in field
          ? [{ name: String(field.name), type: Number(field.type) }]
          : [],
      )
    : []

const keyQuery = `
  select a.attname as name
  from pg_catalog.pg_index i
  cross join lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
  join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
  where i.indrelid = $1::oid and i.indisprimary and k.place <= i.indnkeyatts
  order by k.place`

export const primaryKey = (
  client: Client,
  relation: Wal.Oid,
): Effect.Effect<ReadonlyArray<string> | undefined, SourceProblem> =>
  Effect.map(query(client, keyQuery, [relation]), (rows) => {
    const names = rows.flatMap((row) => textAt(row, "name") ?? [])
    return names.length === 0 ? undefined : names
  })
