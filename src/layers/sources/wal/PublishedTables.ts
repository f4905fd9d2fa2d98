// What the server's catalog says of published tables: which there are, which of their rows and columns
// are published, and in which order they can be read part by part.

import { Effect, Schema } from "effect"
import { type Client, escapeIdentifier } from "pg"
import type { PublishedTable } from "../../../actors/index.js"
import { SourceProblem, splitTableName, type TableName, type Wal } from "../../../domain/index.js"
import { query, textAt } from "./Connect.js"
import { quoteTable } from "./PrepareServer.js"

// A partition whose changes are told as those of its table is no table of its own.
const tablesQuery = `
  with listed as (
    select distinct p.schemaname, p.tablename, c.oid
    from pg_catalog.pg_publication_tables p
    join pg_catalog.pg_namespace n on n.nspname = p.schemaname
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = p.tablename
    where p.pubname = any ($1)
  )
  select l.schemaname || '.' || l.tablename as name from listed l
  where not exists (
    select from pg_catalog.pg_partition_ancestors(l.oid) a (relid)
    where a.relid <> l.oid and a.relid in (select oid from listed)
  )
  order by 1`

export const publishedTables = (
  client: Client,
  publications: ReadonlyArray<string>,
): Effect.Effect<ReadonlyArray<TableName>, SourceProblem> =>
  Effect.map(query(client, tablesQuery, [publications]), (rows) =>
    rows.flatMap((row) => textAt(row, "name") ?? []),
  )

// An index gives an order if all of its columns are there, never null, and compared by the operators of
// the catalog: others may not be found by their name.
const tableQuery = `
  select c.oid::int8::text as oid, c.relkind as kind, c.relreplident as identity,
    (select json_agg(json_build_object(
        'name', a.attname, 'type', a.atttypid::int8, 'modifier', a.atttypmod,
        'text', pg_catalog.format_type(a.atttypid, a.atttypmod), 'generated', a.attgenerated
      ) order by a.attnum)
      from pg_catalog.pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select json_agg(json_build_object(
        'primary', i.indisprimary, 'identity', i.indisreplident, 'columns', k.names,
        'ordered', k.ordered and m.amname = 'btree' and i.indisvalid and i.indpred is null
      ) order by i.indisprimary desc)
      from pg_catalog.pg_index i
      join pg_catalog.pg_class x on x.oid = i.indexrelid
      join pg_catalog.pg_am m on m.oid = x.relam
      cross join lateral (
        select json_agg(a.attname order by u.place) as names,
          bool_and(a.attnotnull and o.opcdefault and o.opcnamespace = 'pg_catalog'::regnamespace
            and u.compared = a.attcollation) as ordered
        from unnest(i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[])
          with ordinality as u (attnum, opclass, compared, place)
        join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.attnum
        join pg_catalog.pg_opclass o on o.oid = u.opclass
        where u.place <= i.indnkeyatts
      ) k
      where i.indrelid = c.oid and (i.indisprimary or i.indisreplident)) as keys,
    (select json_agg(json_build_object(
        'columns', to_jsonb(p) -> 'attnames', 'filter', to_jsonb(p) ->> 'rowfilter'))
      from pg_catalog.pg_publication_tables p
      where p.pubname = any ($3) and p.schemaname = n.nspname and p.tablename = c.relname)
      as publications
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and c.relname = $2`

const Identity = Schema.Literal("d", "n", "f", "i")

const Column = Schema.Struct({
  name: Schema.String,
  type: Schema.Number,
  modifier: Schema.Number,
  /** The type as SQL has it. */
  text: Schema.String,
  generated: Schema.String,
})

const Row = Schema.Struct({
  oid: Schema.NumberFromString,
  kind: Schema.String,
  identity: Identity,
  columns: Schema.NullOr(Schema.Array(Column)),
  keys: Schema.NullOr(
    Schema.Array(
      Schema.Struct({
        primary: Schema.Boolean,
        identity: Schema.Boolean,
        columns: Schema.Array(Schema.String),
        ordered: Schema.Boolean,
      }),
    ),
  ),
  publications: Schema.NullOr(
    Schema.Array(
      Schema.Struct({
        columns: Schema.NullOr(Schema.Array(Schema.String)),
        filter: Schema.NullOr(Schema.String),
      }),
    ),
  ),
})

const identities: Readonly<Record<typeof Identity.Type, Wal.ReplicaIdentity>> = {
  d: "default",
  n: "nothing",
  f: "full",
  i: "index",
}

export interface KeyColumn {
  readonly name: string
  readonly type: string
}

export interface ReadableTable extends PublishedTable {
  /** Its partitions hold its rows. */
  readonly isPartitioned: boolean
  /** What stands behind FROM. */
  readonly from: string
  /** What is true for published rows; undefined where all are. */
  readonly filter: string | undefined
  /** The columns by which it can be read in order. */
  readonly order: ReadonlyArray<KeyColumn> | undefined
}

export const notPublished = (table: TableName): SourceProblem =>
  new SourceProblem({
    code: "table-missing",
    reason: `The table "${table}" is in none of the publications of the source.`,
    remedy: "Add it to one of them, or name another table.",
  })

export const describeTable = (
  client: Client,
  publications: ReadonlyArray<string>,
  table: TableName,
): Effect.Effect<ReadableTable, SourceProblem> =>
  Effect.gen(function* () {
    const [schema, name] = splitTableName(table)
    const [found] = yield* query(client, tableQuery, [schema, name, publications])
    if (found === undefined) return yield* notPublished(table)
    // The query says what it answers.
    const row = yield* Effect.orDie(Schema.decodeUnknown(Row)(found))
    if (row.publications === null) return yield* notPublished(table)
    const all = row.columns ?? []
    const keys = row.keys ?? []
    const listed = row.publications.find(({ columns }) => columns !== null)?.columns
    const published = all.filter(({ generated, name }) =>
      listed === null || listed === undefined ? generated === "" : listed.includes(name),
    )
    const primaryKey = keys.find(({ primary }) => primary)?.columns
    const identityKey = keys.find((key) => (row.identity === "d" ? key.primary : key.identity))
    const inIdentity = new Set(
      row.identity === "f" ? all.map(({ name }) => name) : identityKey?.columns,
    )
    const isPublished = (columns: ReadonlyArray<string> | undefined): boolean =>
      columns?.every((column) => published.some(({ name }) => name === column)) === true
    const order = keys.find(({ ordered }) => ordered)?.columns
    const filters = row.publications.map(({ filter }) => filter)
    return {
      relation: {
        tag: "Relation",
        xid: undefined,
        oid: row.oid,
        schema,
        name,
        replicaIdentity: identities[row.identity],
        columns: published.map(({ modifier, name, type }) => ({
          name,
          isKey: inIdentity.has(name),
          typeOid: type,
          typeModifier: modifier,
        })),
      },
      primaryKey,
      isIdentified:
        isPublished(primaryKey) || (row.identity === "i" && isPublished(identityKey?.columns)),
      isPartitioned: row.kind === "p",
      // Tables that inherit from it are published by themselves.
      from: `${row.kind === "p" ? "" : "only "}${quoteTable(table)}`,
      filter: filters.includes(null)
        ? undefined
        : filters.map((filter) => `(${filter})`).join(" or "),
      order: order?.flatMap((column) =>
        all.filter(({ name }) => name === column).map(({ name, text }) => ({ name, type: text })),
      ),
    }
  })

/** By the plan of a query for all of its rows. */
export const estimateRows = (
  client: Client,
  { filter, from }: ReadableTable,
): Effect.Effect<number | undefined, SourceProblem> =>
  Effect.map(
    query(
      client,
      `explain (format json) select 1 from ${from}${filter === undefined ? "" : ` where ${filter}`}`,
    ),
    ([row]) => {
      const plan = decodePlan(row?.["QUERY PLAN"])
      return plan._tag === "Some" ? plan.value[0]?.Plan["Plan Rows"] : undefined
    },
  )

const decodePlan = Schema.decodeUnknownOption(
  Schema.Array(Schema.Struct({ Plan: Schema.Struct({ "Plan Rows": Schema.Number }) })),
)

/** A table that holds rows itself. */
export interface Part {
  readonly oid: number
  /** In another file its rows lie elsewhere. */
  readonly file: string
  readonly from: string
  readonly blocks: number
}

/** The table or, in the order of their oids, its partitions from one on: the first of these. */
export const partFrom = (
  client: Client,
  { isPartitioned, relation }: ReadableTable,
  oid: number,
): Effect.Effect<Part | undefined, SourceProblem> =>
  Effect.map(
    query(
      client,
      `select c.oid::int8::text as oid, pg_catalog.pg_relation_filenode(c.oid)::int8::text as file,
         n.nspname as schema, c.relname as name,
         (pg_catalog.pg_relation_size(c.oid)
           / pg_catalog.current_setting('block_size')::int8)::text as blocks
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where c.oid::int8 >= $2 and c.oid in (${
         isPartitioned
           ? "select relid from pg_catalog.pg_partition_tree($1::oid) where isleaf"
           : "$1::oid"
       })
       order by c.oid limit 1`,
      [relation.oid, oid],
    ),
    ([row]) =>
      row === undefined
        ? undefined
        : {
            oid: Number(textAt(row, "oid")),
            file: textAt(row, "file") ?? "",
            from: `only ${[textAt(row, "schema"), textAt(row, "name")]
              .map((part) => escapeIdentifier(part ?? ""))
              .join(".")}`,
            blocks: Number(textAt(row, "blocks")),
          },
  )
