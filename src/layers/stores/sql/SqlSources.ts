// Sources in SQL.

import type { SqlClient } from "@effect/sql"
import { Effect, Option, Schema } from "effect"
import type { Sources } from "../../../actors/index.js"
import { Source, TableSnapshot } from "../../../domain/index.js"
import { answering } from "./StoreFailure.js"

interface Row {
  readonly record: string
}

const SourceText = Schema.parseJson(Source)
const encode = Schema.encode(SourceText)
const decode = Schema.decode(SourceText)

/** What this store wrote reads back, so a failure to do so is a defect. */
const sourceOf = ({ record }: Row): Effect.Effect<Source> => Effect.orDie(decode(record))

const SnapshotText = Schema.parseJson(TableSnapshot)
const encodeSnapshot = Schema.encode(SnapshotText)
const decodeSnapshot = Schema.decode(SnapshotText)

export const makeSources = (sql: SqlClient.SqlClient): typeof Sources.Service => ({
  put: (source) =>
    Effect.orDie(encode(source)).pipe(
      Effect.flatMap(
        (record) => sql`
          insert into sources (name, record) values (${source.name}, ${record})
          on conflict (name) do update set record = excluded.record`,
      ),
      Effect.asVoid,
      answering("store a source"),
    ),
  get: (name) =>
    sql<Row>`select record from sources where name = ${name}`.pipe(
      Effect.flatMap(([row]) =>
        row === undefined ? Effect.succeedNone : Effect.map(sourceOf(row), Option.some),
      ),
      answering("get a source"),
    ),
  list: ({ after, limit }) =>
    sql<Row>`
      select record from sources where name > ${after ?? ""} order by name limit ${limit}`.pipe(
      Effect.flatMap(Effect.forEach(sourceOf)),
      answering("list sources"),
    ),
  delete: (name) =>
    sql`delete from sources where name = ${name} returning name`.pipe(
      Effect.map((rows) => rows.length > 0),
      answering("delete a source"),
    ),
  putSnapshot: (name, snapshot) =>
    Effect.orDie(encodeSnapshot(snapshot)).pipe(
      Effect.flatMap(
        (record) => sql`
          insert into source_snapshots (source, relation, record)
          select s.name, ${snapshot.table}, ${record} from sources s where s.name = ${name}
          on conflict (source, relation) do update set record = excluded.record`,
      ),
      Effect.asVoid,
      answering("store the snapshot of a table"),
    ),
  snapshots: (name) =>
    sql<Row>`select record from source_snapshots where source = ${name} order by relation`.pipe(
      Effect.flatMap(Effect.forEach(({ record }) => Effect.orDie(decodeSnapshot(record)))),
      answering("list the snapshots of a source"),
    ),
})
