// From a stream to an outlet: what is read is passed on, and its place confirmed when it is safe there.
//
// Reading and passing on go side by side, with one batch between them: while a batch is written, the
// next is read, and when the outlet is slower than the server, the server waits.

import { Effect, Queue } from "effect"
import type { SourceProblem, Wal } from "../../domain/index.js"
import type { ChangeStream } from "../ports/index.js"
import { type Batch, ChangeReader, type ReaderOptions } from "./ChangeReader.js"
import type { Outlet } from "./Outlet.js"

export interface PumpOptions<Item> extends Omit<ReaderOptions<Item>, "emit" | "stream"> {
  readonly stream: Pick<ChangeStream, "confirm" | "readText" | "spill" | "take">
  readonly outlet: Outlet<Item>
  /** Everything up to here is safe. */
  readonly confirmed?: (place: Wal.Lsn) => void
}

/** Ends only with a problem. */
export const pumpChanges = <Item>({
  confirmed,
  outlet,
  stream,
  ...options
}: PumpOptions<Item>): Effect.Effect<never, SourceProblem> =>
  Effect.gen(function* () {
    const batches = yield* Queue.bounded<Batch<Item>>(1)
    const reader = new ChangeReader({
      ...options,
      stream,
      emit: (batch) => Effect.asVoid(Queue.offer(batches, batch)),
    })
    const passOn = Effect.flatMap(Queue.take(batches), (batch) =>
      outlet.deliver(batch, () => {
        batch.safe?.()
        if (batch.place === undefined) return
        confirmed?.(batch.place)
        stream.confirm(batch.place)
      }),
    )
    return yield* Effect.all([reader.run, Effect.forever(passOn)], {
      concurrency: "unbounded",
      discard: true,
    })
  }).pipe(Effect.zipRight(Effect.never))
