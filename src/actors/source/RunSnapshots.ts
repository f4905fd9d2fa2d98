// Reads the tables that a source is to tell whole, one after the other and part by part.
//
// Where its slot is new, they are read as they are where the slot begins, before the first change is
// told: then no row is told twice. That lasts as long as it can be asked of the server to keep what it
// would clear away; what is left then, or after an interruption, is read beside the stream.

import { Duration, Effect } from "effect"
import { type SourceProblem, type TableName, type TableSnapshot } from "../../domain/index.js"
import type { ChangeStream, TableReader } from "../ports/index.js"
import type { Enter } from "./PartEntrance.js"
import type { TableSnapshots } from "./TableSnapshots.js"
import { firstRows, tellPart, type TellingOptions } from "./TellPart.js"

export interface SnapshotOptions extends TellingOptions {
  /** Puts on the list what the source was told to read from the beginning. */
  readonly plan: (tables: TableReader["tables"]) => Effect.Effect<void, SourceProblem>
  /** Whether the stream has ended. */
  readonly isOver: () => boolean
}

const firstRetry = Duration.millis(250)
const maxRetry = Duration.seconds(30)
/** A server that answers so often with an error will go on so. */
const maxErrors = 10
/** How long a server may be kept from clearing away, and its changes from being told. */
const maxHold = Duration.minutes(5)

/** Goes on for as long as the stream; its own problems are no problems of the stream. */
export const runSnapshots = (
  options: SnapshotOptions,
  openReader: ChangeStream["reader"],
  enter: Enter,
): Effect.Effect<never> => {
  const { snapshots } = options
  const reading = new Reading(options, enter)
  const readAll = Effect.scoped(
    Effect.gen(function* () {
      const reader = yield* openReader
      yield* options.plan(reader.tables)
      while (snapshots.next !== undefined) yield* reading.step(reader)
    }),
  )
  // A connection that fails often fails with the stream. An interruption that comes while it is cleaned
  // up is lost: so it is looked for, or who was told to stop would try again.
  const unlessOver = Effect.suspend(() => (options.isOver() ? Effect.interrupt : Effect.void))
  const attempt = Effect.catchAll(Effect.zipRight(unlessOver, readAll), (problem) =>
    Effect.zipRight(unlessOver, reading.recover(problem)),
  )
  // What is to be planned may wait for nothing else.
  return Effect.zipRight(attempt, Effect.forever(Effect.zipRight(snapshots.awaitNext, attempt)))
}

/** Reads what there is to read where a slot begins, as far as it comes. */
export const readAtStart = (
  options: SnapshotOptions,
  reader: TableReader,
  enter: Enter,
): Effect.Effect<void> => {
  const { now, snapshots } = options
  const until = now() + Duration.toMillis(maxHold)
  const reading = new Reading(options, enter)
  return Effect.gen(function* () {
    yield* options.plan(reader.tables)
    while (snapshots.next !== undefined && now() < until) {
      // A table that is missing may only have come later.
      yield* Effect.catchIf(
        reading.step(reader),
        ({ code }) => code === "access-denied",
        (problem) => reading.recover(problem),
      )
    }
  }).pipe(
    Effect.catchAll((problem) =>
      Effect.logWarning("Tables are read beside the stream from here on", problem.message),
    ),
  )
}

/** It will not pass by itself, but is one table's affair. */
const isLasting = ({ code }: SourceProblem): boolean =>
  code === "table-missing" || code === "access-denied"

class Reading {
  readonly #options: TellingOptions
  readonly #enter: Enter
  #table: TableName | undefined
  #rows = firstRows
  #failures = 0

  constructor(options: TellingOptions, enter: Enter) {
    this.#options = options
    this.#enter = enter
  }

  get #snapshots(): TableSnapshots {
    return this.#options.snapshots
  }

  /** A part of the next table. */
  step(reader: TableReader): Effect.Effect<void, SourceProblem> {
    return Effect.gen(this, function* () {
      const next = this.#snapshots.next
      if (next === undefined) return
      if (next.table !== this.#table) this.#rows = firstRows
      this.#table = next.table
      const begun = next.state === "waiting" ? yield* this.#begin(reader, next) : next
      this.#rows = yield* tellPart(this.#options, reader, this.#enter, begun, this.#rows)
      this.#failures = 0
    })
  }

  #begin(reader: TableReader, snapshot: TableSnapshot) {
    return Effect.gen(this, function* () {
      const estimatedRows = yield* reader.estimate(snapshot.table)
      const begun: TableSnapshot = {
        ...snapshot,
        state: "reading",
        ...(estimatedRows === undefined ? {} : { estimatedRows }),
      }
      yield* this.#snapshots.put(begun)
      return begun
    })
  }

  /** Gives the table up where that is all there is to do, else waits. */
  recover(problem: SourceProblem): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#failures++
      this.#rows = Math.max(1, Math.floor(this.#rows / 4))
      const next = this.#snapshots.next
      const isHopeless =
        isLasting(problem) || (problem.code === "server-error" && this.#failures >= maxErrors)
      if (isHopeless && next !== undefined && next.table === this.#table) {
        this.#failures = 0
        return this.#giveUp(next, problem)
      }
      const report =
        this.#failures > 1
          ? Effect.void
          : Effect.logWarning("Reading of tables waits", problem.message)
      const wait = Duration.times(firstRetry, 2 ** (this.#failures - 1))
      return Effect.zipRight(report, Effect.sleep(Duration.min(wait, maxRetry)))
    })
  }

  #giveUp(snapshot: TableSnapshot, { message: problem }: SourceProblem): Effect.Effect<void> {
    const failed: TableSnapshot = {
      ...snapshot,
      state: "failed",
      problem,
      endedAt: this.#options.now(),
    }
    return Effect.zipRight(
      this.#snapshots.put(failed),
      Effect.annotateLogs(Effect.logWarning("A table cannot be read", problem), {
        table: snapshot.table,
      }),
    )
  }
}
