// Reads tables part by part, each part in a short transaction of its own, with COPY: in the order of a
// key where there is one, else in the order in which the rows lie on disk.
//
// A part is bounded in rows and in bytes. What the publications say of rows is told by the server row by
// row rather than asked for: else it could search for long before it finds as many as are wanted.

import { Effect, ExecutionStrategy, Exit, type Redacted, Scope } from "effect"
import { type Client, escapeIdentifier, escapeLiteral } from "pg"
import type {
  StartReader,
  TablePart,
  TableReader,
  TableTransaction,
} from "../../../actors/index.js"
import { SourceProblem, type TableCursor, type TableName, Wal } from "../../../domain/index.js"
import { connect, query, textAt } from "./Connect.js"
import { copyOut } from "./CopyOut.js"
import { lsnAt, quoteTable } from "./PrepareServer.js"
import {
  describeTable,
  estimateRows,
  type KeyColumn,
  partFrom,
  publishedTables,
  type ReadableTable,
} from "./PublishedTables.js"
import { readSettings } from "./SessionSettings.js"

/** What is kept of a part at most; a row that is larger comes alone. */
const maxPartBytes = 16 * 1024 * 1024
/** Where rows are read by their place: how many there may be in a block. */
const rowsPerBlock = 50

export const makeTableReader = (
  url: Redacted.Redacted,
  publications: ReadonlyArray<string>,
): Effect.Effect<TableReader, SourceProblem, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    let open: { readonly client: Client; readonly scope: Scope.CloseableScope } | undefined
    /** The connection, made again when a part was too large or the server went away. */
    const connected: Effect.Effect<Client, SourceProblem> = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        if (open !== undefined) {
          if (open.client.connection.stream.writable) return open.client
          yield* Scope.close(open.scope, Exit.void)
          open = undefined
        }
        const own = yield* Scope.fork(scope, ExecutionStrategy.sequential)
        const client = yield* restore(connect(url, "statements")).pipe(
          Scope.extend(own),
          Effect.tap((client) => restore(query(client, readSettings))),
          Effect.onError((cause) => Scope.close(own, Exit.failCause(cause))),
        )
        open = { client, scope: own }
        return client
      }),
    )
    return {
      tables: Effect.flatMap(connected, (client) => publishedTables(client, publications)),
      estimate: (table) =>
        Effect.flatMap(connected, (client) => estimateOf(client, publications, table)),
      begin: (table) => Effect.flatMap(connected, (client) => begin(client, publications, table)),
    }
  })

const estimateOf = (client: Client, publications: ReadonlyArray<string>, table: TableName) =>
  Effect.flatMap(describeTable(client, publications, table), (described) =>
    estimateRows(client, described),
  )

const lockTable = (client: Client, table: TableName) =>
  query(client, `lock table ${quoteTable(table)} in access share mode`)

/** An error in a part is not the end of the transaction. */
const savepoint = (client: Client) =>
  Effect.acquireRelease(query(client, "savepoint part"), (_, exit) =>
    endWith(client, "rollback to savepoint part", exit),
  )

/** To a transaction that began before, a table that was rewritten or truncated seems to be empty. */
const checkFile = (client: Client, table: TableName): Effect.Effect<void, SourceProblem> =>
  Effect.flatMap(
    query(
      client,
      `select bool_and(c.relfilenode = pg_catalog.pg_relation_filenode(c.oid))::text as same
       from pg_catalog.pg_class c
       where c.relkind = 'r' and (c.oid = $1::text::regclass or c.oid in (
         select relid from pg_catalog.pg_partition_tree($1::text::regclass)))`,
      [quoteTable(table)],
    ),
    ([row]) =>
      textAt(row, "same") === "false"
        ? new SourceProblem({ code: "server-error", reason: `"${table}" was rewritten meanwhile.` })
        : Effect.void,
  )

/** All that is read is as it was where the slot begins, in one transaction for as long as that lasts. */
export const makeStartReader = (
  url: Redacted.Redacted,
  publications: ReadonlyArray<string>,
  exported: string,
  start: Wal.Lsn,
): Effect.Effect<StartReader, SourceProblem, Scope.Scope> =>
  Effect.gen(function* () {
    const own = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
    const client = yield* Scope.extend(connect(url, "statements"), own)
    yield* query(client, readSettings)
    yield* query(client, "begin transaction isolation level repeatable read read only")
    yield* query(client, `set transaction snapshot ${escapeLiteral(exported)}`)
    return {
      tables: publishedTables(client, publications),
      estimate: (table) =>
        Effect.scoped(Effect.zipRight(savepoint(client), estimateOf(client, publications, table))),
      begin: (table) =>
        Effect.gen(function* () {
          yield* savepoint(client)
          yield* lockTable(client, table)
          yield* checkFile(client, table)
          return {
            view: Effect.succeed(Wal.replayedView(start)),
            read: reading(client, publications, table),
          }
        }),
      close: Scope.close(own, Exit.void),
    }
  })

const begin = (
  client: Client,
  publications: ReadonlyArray<string>,
  table: TableName,
): Effect.Effect<TableTransaction, SourceProblem, Scope.Scope> =>
  Effect.gen(function* () {
    const [row] = yield* query(
      client,
      `select case when pg_catalog.pg_is_in_recovery()
         then pg_catalog.pg_last_wal_replay_lsn() end::text as replayed`,
    )
    yield* Effect.acquireRelease(
      query(client, "begin transaction isolation level repeatable read read only"),
      (_, exit) => endWith(client, "rollback", exit),
    )
    // Not yet the first statement that sees anything.
    yield* lockTable(client, table)
    const replayed = textAt(row, "replayed")
    return {
      view:
        replayed === undefined
          ? primaryView(client)
          : Effect.succeed(Wal.replayedView(lsnAt(row, "replayed"))),
      read: reading(client, publications, table),
    }
  })

const reading =
  (
    client: Client,
    publications: ReadonlyArray<string>,
    table: TableName,
  ): TableTransaction["read"] =>
  (cursor, rows) =>
    Effect.flatMap(describeTable(client, publications, table), (described) =>
      described.order === undefined
        ? readByPlace(client, described, cursor, rows)
        : readByKey(client, described, described.order, cursor, rows),
    )

/** A connection that does not answer, or may still be at work, is given up. */
const endWith = (
  client: Client,
  statement: string,
  exit: Exit.Exit<unknown, unknown>,
): Effect.Effect<void> => {
  const giveUp = Effect.sync(() => client.connection.stream.destroy())
  if (Exit.isInterrupted(exit)) return giveUp
  return query(client, statement).pipe(
    Effect.interruptible,
    Effect.timeout("5 seconds"),
    Effect.catchAll(() => giveUp),
  )
}

/** What is flushed is what a slot sends, and every transaction that waits for its commit to be. */
const primaryView = (client: Client): Effect.Effect<Wal.ReadView, SourceProblem> =>
  Effect.flatMap(
    query(
      client,
      `select pg_catalog.txid_current_snapshot()::text as seen,
         pg_catalog.pg_current_wal_flush_lsn()::text as flushed`,
    ),
    ([row]) => {
      const view = Wal.parseReadView(lsnAt(row, "flushed"), textAt(row, "seen") ?? "")
      return view === undefined
        ? new SourceProblem({ code: "protocol", reason: "The server does not say what it sees." })
        : Effect.succeed(view)
    },
  )

const readByKey = (
  client: Client,
  table: ReadableTable,
  order: ReadonlyArray<KeyColumn>,
  cursor: TableCursor | undefined,
  limit: number,
): Effect.Effect<TablePart, SourceProblem> =>
  Effect.gen(function* () {
    const names = order.map(({ name }) => name)
    const after =
      cursor?.by === "key" && cursor.columns.join("\0") === names.join("\0")
        ? cursor.values
        : undefined
    const columns = names.map(escapeIdentifier).join(", ")
    const values = order.map(({ type }, at) => `${escapeLiteral(after?.[at] ?? "")}::${type}`)
    const read = yield* copyRows(
      client,
      table,
      order,
      `from ${table.from}
       ${after === undefined ? "" : `where (${columns}) operator(pg_catalog.>) (${values.join(", ")})`}
       order by ${columns} limit ${limit}`,
    )
    const { isCut, last } = read
    const isEnd = last === undefined || (!isCut && read.count < limit)
    return {
      ...read.part,
      cursor: isEnd ? undefined : { by: "key", columns: names, values: last.key },
    }
  })

const readByPlace = (
  client: Client,
  table: ReadableTable,
  cursor: TableCursor | undefined,
  limit: number,
): Effect.Effect<TablePart, SourceProblem> =>
  Effect.gen(function* () {
    const known = cursor?.by === "place" ? cursor : undefined
    const part = yield* partFrom(client, table, known?.part ?? 0)
    if (part === undefined) {
      const [row] = yield* query(client, `select ${timeNow} as time`)
      return { table, rows: [], bytes: 0, cursor: undefined, time: textAt(row, "time") ?? "" }
    }
    const after = known?.part === part.oid && known.file === part.file ? known.after : "(0,0)"
    const block = Number(/^\((\d+),/.exec(after)?.[1] ?? "0")
    const end = block + Math.max(1, Math.ceil(limit / rowsPerBlock))
    const {
      isCut,
      last,
      part: read,
    } = yield* copyRows(
      client,
      table,
      [],
      `from ${part.from}
       where ctid > ${escapeLiteral(after)}::tid and ctid < '(${end},0)'::tid order by ctid`,
    )
    const next = (part: number, file: string, after: string): TablePart => ({
      ...read,
      cursor: { by: "place", part, file, after },
    })
    if (isCut && last !== undefined) return next(part.oid, part.file, last.place)
    if (end < part.blocks) return next(part.oid, part.file, `(${end},0)`)
    if (!table.isPartitioned) return { ...read, cursor: undefined }
    return next(part.oid + 1, "", "(0,0)")
  })

const timeNow = `pg_catalog.to_char(pg_catalog.clock_timestamp() at time zone 'UTC',
  'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

interface Copied {
  readonly part: Omit<TablePart, "cursor">
  readonly count: number
  readonly isCut: boolean
  /** Of the last row, whether it is published or not. */
  readonly last: { readonly key: ReadonlyArray<string>; readonly place: string } | undefined
}

/** What is published of the rows that the text behind the columns names. */
const copyRows = (
  client: Client,
  table: ReadableTable,
  key: ReadonlyArray<KeyColumn>,
  rest: string,
): Effect.Effect<Copied, SourceProblem> =>
  Effect.gen(function* () {
    const { filter } = table
    const { columns } = table.relation
    const isKept = filter === undefined ? "true" : `(${filter}) is true`
    const shown = columns
      .map(({ name }) => escapeIdentifier(name))
      .map((name) => (filter === undefined ? name : `case when ${isKept} then ${name} end`))
    const selected = [
      ...shown,
      isKept,
      "tableoid::int8",
      "ctid",
      "xmin",
      ...key.map(({ name }) => escapeIdentifier(name)),
    ]
    const [now] = yield* query(client, `select ${timeNow} as time`)
    const copied = yield* copyOut(
      client,
      `copy (select ${selected.join(", ")} ${rest}) to stdout`,
      maxPartBytes,
    )
    const rows: Array<Wal.RowRead> = []
    let final: Wal.Tuple | undefined
    const at = columns.length
    const keyCells = key.map((_, cell) => at + 4 + cell)
    for (const line of copied.rows) {
      const tuple = Wal.copyTuple(line)
      if (textIn(tuple, at) === "t") {
        rows.push({ tuple, version: [1, 2, 3].map((cell) => textIn(tuple, at + cell)).join(".") })
      }
      final = tuple
    }
    return {
      part: { table, rows, bytes: copied.bytes, time: textAt(now, "time") ?? "" },
      count: copied.rows.length,
      isCut: copied.isCut,
      last:
        final === undefined
          ? undefined
          : { key: keyCells.map((cell) => textIn(final, cell)), place: textIn(final, at + 2) },
    }
  })

const textIn = ({ bytes, cells }: Wal.Tuple, index: number): string =>
  Wal.readUtf8(bytes, cells[3 * index + 1] ?? 0, cells[3 * index + 2] ?? 0)
