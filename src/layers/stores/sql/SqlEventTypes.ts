// Catalogues of event types in SQL: one table for namespaces and one, alike, for host types.

import type { SqlClient } from "@effect/sql"
import { Effect, Option, Schema } from "effect"
import type { EventTypes } from "../../../actors/index.js"
import { type CatalogueOwner, EventTypeEntry } from "../../../domain/index.js"
import { answering } from "./StoreFailure.js"

interface Stored {
  readonly record: string
}

const EntryText = Schema.parseJson(EventTypeEntry)
const encode = Schema.encode(EntryText)
const decode = Schema.decode(EntryText)

/** What this store wrote reads back, so a failure to do so is a defect. */
const entryOf = ({ record }: Stored): Effect.Effect<EventTypeEntry> => Effect.orDie(decode(record))

export const makeEventTypes = (sql: SqlClient.SqlClient): typeof EventTypes.Service => {
  const places = {
    Namespace: { table: sql("event_types"), column: sql("namespace") },
    HostType: { table: sql("host_type_event_types"), column: sql("host_type") },
  } as const
  /** The row of the owner is locked: its removal begins before this, or after it has committed. */
  const standing = ({ _tag, name }: CatalogueOwner) =>
    _tag === "Namespace"
      ? sql`select name from namespaces where name = ${name} and status <> 'removing' for share`
      : sql`select name from host_types where name = ${name} for share`
  return {
    put: (owner, entry) => {
      const { column, table } = places[owner._tag]
      return Effect.orDie(encode(entry)).pipe(
        Effect.flatMap(
          (record) => sql`
            insert into ${table} (${column}, type, record)
            select owner.name, ${entry.type}, ${record} from (${standing(owner)}) as owner
            on conflict (${column}, type) do update set record = excluded.record
            returning type`,
        ),
        Effect.map((rows) => rows.length > 0),
        answering("store an event type"),
      )
    },
    get: (owner, type) => {
      const { column, table } = places[owner._tag]
      return sql<Stored>`
        select record from ${table} where ${column} = ${owner.name} and type = ${type}`.pipe(
        Effect.flatMap(([row]) =>
          row === undefined ? Effect.succeedNone : Effect.map(entryOf(row), Option.some),
        ),
        answering("get an event type"),
      )
    },
    list: (owner, { after, limit }) => {
      const { column, table } = places[owner._tag]
      return sql<Stored>`
        select record from ${table} where ${column} = ${owner.name} and type > ${after ?? ""}
        order by type limit ${limit}`.pipe(
        Effect.flatMap(Effect.forEach(entryOf)),
        answering("list event types"),
      )
    },
    size: (owner) => {
      const { column, table } = places[owner._tag]
      return sql<{ readonly types: number; readonly characters: number }>`
        select count(*) as types, coalesce(sum(length(record)), 0)::bigint as characters
        from ${table} where ${column} = ${owner.name}`.pipe(
        Effect.map(([row]) => row ?? { types: 0, characters: 0 }),
        answering("measure a catalogue"),
      )
    },
    delete: (owner, type) => {
      const { column, table } = places[owner._tag]
      return sql`
        delete from ${table} where ${column} = ${owner.name} and type = ${type}
        returning type`.pipe(
        Effect.map((rows) => rows.length > 0),
        answering("delete an event type"),
      )
    },
  }
}
