// The rows of a store, read by SQL when no process has it open: what is there, not what the mesh says.

import * as path from "node:path"
import { PGlite } from "@electric-sql/pglite"
import { Effect, type Scope } from "effect"
import { Client } from "pg"
import type { ProcessOptions } from "../support/process/Protocol.js"

type Row = Readonly<Record<string, unknown>>
type Query = (text: string) => Promise<ReadonlyArray<Row>>

export interface StoredEvent {
  readonly sequence: number
  readonly id: string
}

export interface StoredDeadLetter {
  readonly subscription: string
  readonly sequence: number
  readonly reason: string
  readonly attempts: number
  readonly deadAt: number
}

export interface StoreRows {
  /** By namespace, in the order of their sequences. */
  readonly events: ReadonlyMap<string, ReadonlyArray<StoredEvent>>
  readonly deadLetters: ReadonlyMap<string, ReadonlyArray<StoredDeadLetter>>
  readonly deferrals: number
  readonly removals: number
  /** Of each table that has such a column, the namespaces in it. */
  readonly namespacesOf: ReadonlyMap<string, ReadonlySet<string>>
}

const connect = ({ store }: ProcessOptions): Effect.Effect<Query, never, Scope.Scope> =>
  store._tag === "Embedded"
    ? Effect.map(
        Effect.acquireRelease(
          Effect.promise(() => PGlite.create({ dataDir: path.join(store.dataDir, "pg") })),
          (database) => Effect.promise(() => database.close()),
        ),
        (database): Query =>
          async (text) =>
            (await database.query<Row>(text)).rows,
      )
    : Effect.map(
        Effect.acquireRelease(
          Effect.promise(async () => {
            const client = new Client({ connectionString: store.url })
            await client.connect()
            await client.query(`set search_path to ${store.schema}`)
            return client
          }),
          (client) => Effect.promise(() => client.end()),
        ),
        (client): Query =>
          async (text) =>
            (await client.query<Row>(text)).rows,
      )

export const readRows = (options: ProcessOptions): Effect.Effect<StoreRows> =>
  Effect.scoped(Effect.flatMap(connect(options), (query) => Effect.promise(() => readAll(query))))

const readAll = async (query: Query): Promise<StoreRows> => {
  const tables = await query(
    `select table_name as name, column_name as col from information_schema.columns
     where table_schema = current_schema()
       and (column_name = 'namespace' or (table_name = 'namespaces' and column_name = 'name'))`,
  )
  const namespacesOf = new Map<string, ReadonlySet<string>>()
  for (const { name, col } of tables) {
    const rows = await query(`select distinct ${text(col)} as namespace from ${text(name)}`)
    namespacesOf.set(text(name), new Set(rows.map(({ namespace }) => text(namespace))))
  }
  const events = await query("select namespace, sequence, event from events order by 1, 2")
  const letters = await query("select * from dead_letters order by namespace, id")
  return {
    namespacesOf,
    events: grouped(events, ({ sequence, event }) => ({
      sequence: Number(sequence),
      id: idOf(text(event)),
    })),
    deadLetters: grouped(letters, (row) => ({
      subscription: text(row["subscription"]),
      sequence: Number(row["sequence"]),
      reason: text(row["reason"]),
      attempts: Number(row["attempts"]),
      deadAt: Number(row["dead_at"]),
    })),
    deferrals: (await query("select 1 from deferrals")).length,
    removals: (await query("select 1 from removals")).length,
  }
}

const text = (value: unknown): string => {
  if (typeof value !== "string") throw new TypeError(`no text: ${String(value)}`)
  return value
}

const idOf = (event: string): string => {
  const parsed: unknown = JSON.parse(event)
  return typeof parsed === "object" && parsed !== null && "id" in parsed ? text(parsed.id) : ""
}

const grouped = <A>(
  rows: ReadonlyArray<Row>,
  of: (row: Row) => A,
): ReadonlyMap<string, Array<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const row of rows) {
    const namespace = text(row["namespace"])
    const group = groups.get(namespace)
    if (group === undefined) groups.set(namespace, [of(row)])
    else group.push(of(row))
  }
  return groups
}
