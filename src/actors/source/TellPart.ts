// One part of a table: read, told, and noted once its events are safe. What crashes before that is read
// again, and recognised by the ids of its events.

import { Duration, Effect, Exit, Scope } from "effect"
import { snapshotId, SourceProblem, type TableSnapshot, Wal } from "../../domain/index.js"
import type { ChangeStream, TablePart, TableReader } from "../ports/index.js"
import { learnTypes } from "./LearnTypes.js"
import type { Enter } from "./PartEntrance.js"
import type { SourceCounts } from "./SourceCounts.js"
import type { TableSnapshots } from "./TableSnapshots.js"

export interface TellingOptions {
  readonly stream: Pick<ChangeStream, "describeTypes" | "readText">
  readonly snapshots: TableSnapshots
  readonly events: Wal.EventPlan
  readonly types: Wal.PgTypes
  readonly counts: SourceCounts
  readonly now: () => number
  readonly unreadable: (change: Wal.UnreadableChange) => void
}

/** Rows of the first part of a table; then it is seen how large they are. */
export const firstRows = 100
const maxRows = 8000
const goodBytes = 2 * 1024 * 1024

const replyTimeout = Duration.seconds(60)
const refusedWait = Duration.millis(100)

/** Tells the next part of a snapshot that is under way; answers how many rows the one after may have. */
export const tellPart = (
  options: TellingOptions,
  reader: TableReader,
  enter: Enter,
  snapshot: TableSnapshot,
  rows: number,
): Effect.Effect<number, SourceProblem> =>
  Effect.gen(function* () {
    // Not held open for as long as it takes to tell.
    const scope = yield* Scope.make()
    let part: TablePart | undefined
    const isTold = yield* Effect.gen(function* () {
      const transaction = yield* inTime(Scope.extend(reader.begin(snapshot.table), scope))
      return yield* enter(inTime(transaction.view), ({ lsn }) =>
        Effect.gen(function* () {
          part = yield* inTime(transaction.read(snapshot.cursor, rows))
          yield* Scope.close(scope, Exit.void)
          yield* learnTypes(options.types, options.stream, part.table.relation)
          return eventsOf(options, snapshot, part, lsn)
        }),
      )
    }).pipe(Effect.onExit((exit) => Scope.close(scope, exit)))
    if (!isTold || part === undefined) {
      // A commit was told that others cannot see yet: they soon will.
      yield* Effect.sleep(refusedWait)
      return rows
    }
    yield* note(options, snapshot, part)
    if (part.bytes > 2 * goodBytes) return Math.max(1, Math.floor(rows / 2))
    return part.bytes < goodBytes / 2 ? Math.min(maxRows, rows * 2) : rows
  })

const eventsOf = (
  { events: plan, stream, types, unreadable }: TellingOptions,
  snapshot: TableSnapshot,
  { rows, table, time }: TablePart,
  lsn: Wal.Lsn,
): ReadonlyArray<Wal.SourcedEvent> => {
  const { isIdentified, primaryKey, relation } = table
  const shape = new Wal.RelationShape(relation, primaryKey, types, stream.readText)
  const events: Array<Wal.SourcedEvent> = []
  const read = { snapshot: snapshotId(snapshot), shape, isIdentified, time, lsn }
  Wal.readEvents(plan, read, rows, { event: (event) => events.push(event), unreadable })
  return events
}

const note = (
  { counts, now, snapshots }: TellingOptions,
  { cursor: _, ...snapshot }: TableSnapshot,
  { cursor, rows }: TablePart,
): Effect.Effect<void> =>
  Effect.suspend(() => {
    counts.snapshotRows += rows.length
    const total = snapshot.rows + rows.length
    if (cursor !== undefined) return snapshots.put({ ...snapshot, rows: total, cursor })
    const done: TableSnapshot = { ...snapshot, rows: total, state: "done", endedAt: now() }
    return Effect.zipRight(
      snapshots.put(done),
      Effect.annotateLogs(Effect.logInfo("A table was read"), { table: done.table, rows: total }),
    )
  })

const inTime = <A>(answer: Effect.Effect<A, SourceProblem>): Effect.Effect<A, SourceProblem> =>
  Effect.timeoutFail(answer, {
    duration: replyTimeout,
    onTimeout: () =>
      new SourceProblem({ code: "unreachable", reason: "The server does not answer." }),
  })
