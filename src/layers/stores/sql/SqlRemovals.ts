// Removals in SQL. Rows go in bounded batches, found by index, so that no lock is held for long and
// other namespaces only share the disk.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Option, Schema } from "effect"
import type { PurgeKind, Removals } from "../../../actors/index.js"
import { type NamespaceName, RemovalReport } from "../../../domain/index.js"
import type { JournalHeads } from "./JournalHeads.js"
import { answering } from "./StoreFailure.js"

const ReportText = Schema.parseJson(RemovalReport)
const encodeReport = Schema.encode(ReportText)
const decodeReport = Schema.decode(ReportText)

interface Stored {
  readonly report: string
}

const decodeFirst = ([row]: ReadonlyArray<Stored>) =>
  row === undefined
    ? Effect.succeed(Option.none<RemovalReport>())
    : Effect.map(Effect.orDie(decodeReport(row.report)), Option.some)

/** A table with the columns by which its rows of a namespace are deleted in order. */
interface Purged {
  readonly table: string
  readonly order: string
}

/** Positions and replays go before dead letters and attempts: a late commit finds none and adds nothing. */
const purged: Readonly<Record<PurgeKind, ReadonlyArray<Purged>>> = {
  deliveries: [
    { table: "deferrals", order: "subscription, sequence" },
    { table: "positions", order: "subscription" },
    { table: "replay_deferrals", order: "subscription, replay, sequence" },
    { table: "replays", order: "subscription, id" },
    { table: "dead_letters", order: "id" },
    { table: "attempts", order: "subscription, sequence" },
  ],
  events: [{ table: "events", order: "sequence" }],
  subscriptions: [{ table: "subscriptions", order: "name" }],
  sinks: [{ table: "sinks", order: "name" }],
  "event-types": [{ table: "event_types", order: "type" }],
  keys: [
    { table: "keys", order: "id" },
    { table: "signing_keys", order: "kid" },
  ],
  audit: [{ table: "audit", order: "id" }],
}

export const makeRemovals = (
  sql: SqlClient.SqlClient,
  heads: JournalHeads,
): typeof Removals.Service => {
  const purgeTable = (
    { table, order }: Purged,
    namespace: NamespaceName,
    limit: number,
  ): Effect.Effect<number, SqlError> =>
    Effect.map(
      sql<{ readonly rows: number }>`
        with purged as (
          delete from ${sql(table)} where ctid = any (array(
            select ctid from ${sql(table)} where namespace = ${namespace}
            order by ${sql.literal(order)} limit ${limit}
          ))
          returning 1
        )
        select count(*) as rows from purged`,
      ([row]) => row?.rows ?? 0,
    )

  const is = ({ namespace, id }: Pick<RemovalReport, "id" | "namespace">) =>
    sql`namespace = ${namespace} and report::json ->> 'id' = ${id}`

  return {
    begin: (report) =>
      Effect.orDie(encodeReport(report)).pipe(
        Effect.flatMap(
          (text) => sql<Stored>`
            with marked as (
              update namespaces set status = 'removing'
              where name = ${report.namespace} returning name
            ), stored as (
              insert into removals (namespace, report) select name, ${text} from marked
              on conflict (namespace) do nothing returning report
            )
            select report from stored
            union all
            select report from removals where namespace = ${report.namespace}`,
        ),
        Effect.flatMap(decodeFirst),
        answering("begin a removal"),
      ),
    record: (report) =>
      Effect.orDie(encodeReport(report)).pipe(
        Effect.flatMap(
          (text) => sql`update removals set report = ${text} where ${is(report)} returning 1`,
        ),
        Effect.map((rows) => rows.length > 0),
        answering("record a removal"),
      ),
    get: (namespace) =>
      sql<Stored>`select report from removals where namespace = ${namespace}`.pipe(
        Effect.flatMap(decodeFirst),
        answering("get a removal"),
      ),
    pending: sql<Stored>`select report from removals order by namespace`.pipe(
      Effect.flatMap(Effect.forEach(({ report }) => Effect.orDie(decodeReport(report)))),
      answering("list removals"),
    ),
    purge: (namespace, kind, limit) =>
      Effect.reduce(purged[kind], 0, (rows, table) =>
        rows >= limit
          ? Effect.succeed(rows)
          : Effect.map(purgeTable(table, namespace, limit - rows), (more) => rows + more),
      ).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            if (kind === "events") heads.forget(namespace)
          }),
        ),
        answering(`purge ${kind}`),
      ),
    release: (removal) =>
      sql`
        with ended as (delete from removals where ${is(removal)} returning namespace)
        delete from namespaces where name in (select namespace from ended)`.pipe(
        Effect.asVoid,
        answering("release a name"),
      ),
  }
}
