// One life of a source's stream: opened, read, its events passed on, its place confirmed; watched.
//
// Reading and passing on go side by side, with one batch between them: while a batch is written, the
// next is read, and when the journal is slower than the server, the server waits.

import { Duration, Effect, Queue, type Redacted, type Scope } from "effect"
import {
  type Alert,
  defaultBufferBytes,
  namespaceTemplate,
  publicationsOf,
  slotMissing,
  type Source,
  SourceProblem,
  type SlotRecord,
  type Wal,
} from "../../domain/index.js"
import type { ChangeStream, ChangeStreamRequest, ChangeStreamsService } from "../ports/index.js"
import { type Batch, ChangeReader } from "./ChangeReader.js"
import type { Outlet } from "./Outlet.js"
import type { SourceSeat } from "./SourceSeat.js"

export interface SourceSite {
  readonly streams: ChangeStreamsService
  /** The URL of the source's database. */
  readonly url: (source: Source) => Effect.Effect<Redacted.Redacted, SourceProblem>
  readonly outlet: (seat: SourceSeat) => Outlet
  /** Stores what is known of the slot, whatever that takes. */
  readonly recordSlot: (seat: SourceSeat, slot: SlotRecord) => Effect.Effect<void>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Tells the operator. */
  readonly alert: (alert: Alert) => void
}

const watchInterval = Duration.seconds(10)

/** Ends only with a problem. `streaming` is run when the server has begun to send. */
export const runSource = (
  site: SourceSite,
  seat: SourceSeat,
  streaming: Effect.Effect<void>,
): Effect.Effect<never, SourceProblem> =>
  Effect.scoped(
    Effect.gen(function* () {
      const stream = yield* openStream(site, seat)
      const { options } = seat.record
      yield* streaming
      const batches = yield* Queue.bounded<Batch>(1)
      const unheard: Array<Wal.UnreadableChange> = []
      const reader = new ChangeReader({
        stream,
        plan: planOf(seat.record, stream.systemId),
        values: { numbers: options.numbers ?? "exact" },
        bufferBytes: options.bufferBytes ?? defaultBufferBytes,
        counts: seat.counts,
        now: site.now,
        emit: (batch) => Effect.asVoid(Queue.offer(batches, batch)),
        unreadable: (change) => unheard.push(change),
      })
      const outlet = site.outlet(seat)
      const passOn = Effect.flatMap(Queue.take(batches), ({ events, place }) => {
        const safe = () => {
          if (place === undefined) return
          seat.confirmed = place
          stream.confirm(place)
        }
        const report =
          unheard.length === 0 ? Effect.void : reportUnreadable(seat, unheard.splice(0))
        return Effect.zipRight(
          report,
          events.length === 0 ? Effect.sync(safe) : outlet.deliver(events, safe),
        )
      })
      return yield* Effect.all(
        [reader.run, Effect.forever(passOn), watch(site, seat, stream), beat(seat, stream)],
        { concurrency: "unbounded", discard: true },
      )
    }),
  ).pipe(Effect.zipRight(Effect.never))

const openStream = (
  site: SourceSite,
  seat: SourceSeat,
): Effect.Effect<ChangeStream, SourceProblem, Scope.Scope> =>
  Effect.gen(function* () {
    const { options, slot: known } = seat.record
    const request: ChangeStreamRequest = {
      url: yield* site.url(seat.record),
      slot: options.slot,
      publications: publicationsOf(options),
      publicationTables: options.publicationTables,
      streaming: options.streaming ?? true,
      failover: options.failover ?? false,
      systemId: known?.systemId,
      beforeCreate: (systemId) =>
        seat.record.slot?.state === "established"
          ? Effect.fail(slotMissing(options.slot))
          : site.recordSlot(seat, { state: "creating", isOurs: true, systemId }),
    }
    const stream = yield* site.streams.open(request)
    seat.confirmed = stream.confirmed
    if (seat.record.slot?.state !== "established") {
      const isOurs = stream.createdSlot || seat.record.slot?.isOurs === true
      yield* site.recordSlot(seat, { state: "established", isOurs, systemId: stream.systemId })
    }
    return stream
  })

/** What the source of an event says: `postgres:<cluster>/<slot>`. */
export const planOf = ({ options }: Source, systemId: string): Wal.EventPlan => ({
  source: `postgres:${systemId}/${options.slot}`,
  typePrefix: options.typePrefix ?? "postgres",
  namespace: namespaceTemplate(options),
  eventTables: new Set(options.eventTables ?? []),
  messagePrefix: options.messagePrefix,
})

/** Keeps an eye on the slot; says so when the server has to keep more than it should. */
const watch = (
  site: SourceSite,
  seat: SourceSeat,
  stream: ChangeStream,
): Effect.Effect<never, SourceProblem> => {
  let isAlarmed = false
  const look = Effect.gen(function* () {
    const health = yield* stream.health
    seat.health = health
    const { lagBytes, walStatus } = health
    if (walStatus === "lost") {
      return yield* new SourceProblem({
        code: "slot-lost",
        reason: `The server has given up on the replication slot "${seat.record.options.slot}": what was changed since its position is lost.`,
        remedy: "Delete the source and create it again to go on from the present.",
      })
    }
    const { lagBudget = 0 } = seat.record.options
    const alarm = alarmOf(seat)
    if (alarm !== undefined && !isAlarmed) {
      const { name } = seat.record
      site.alert({ _tag: "SourceLagging", source: name, lagBytes, budgetBytes: lagBudget })
      yield* Effect.annotateLogs(Effect.logWarning("A source lags", alarm), {
        source: seat.record.name,
        lagBytes,
        walStatus,
      })
    }
    isAlarmed = alarm !== undefined
  })
  return Effect.forever(Effect.zipRight(look, Effect.sleep(watchInterval)))
}

/** Why its lag is a matter for somebody; undefined when it is not. */
export const alarmOf = ({ health, record }: SourceSeat): string | undefined => {
  if (health === undefined) return undefined
  if (health.walStatus === "unreserved") {
    return "the server is about to remove log that the slot still needs"
  }
  const budget = record.options.lagBudget
  return budget !== undefined && health.lagBytes > budget
    ? `the server keeps ${health.lagBytes} bytes of log for the slot, more than ${budget}`
    : undefined
}

/** Writes a message when the place has not moved since the last time. */
const beat = (seat: SourceSeat, stream: ChangeStream): Effect.Effect<never, SourceProblem> => {
  const every = seat.record.options.heartbeat
  if (every === undefined) return Effect.never
  let before: Wal.Lsn | undefined
  const once = Effect.suspend(() => {
    const isIdle = seat.confirmed === before
    before = seat.confirmed
    return isIdle ? stream.heartbeat : Effect.void
  })
  return Effect.forever(Effect.zipRight(Effect.sleep(every), once))
}

const reportUnreadable = (
  seat: SourceSeat,
  changes: ReadonlyArray<Wal.UnreadableChange>,
): Effect.Effect<void> =>
  Effect.logWarning("A row or message describes no event, and was left out").pipe(
    Effect.annotateLogs({ source: seat.record.name, count: changes.length, ...changes[0] }),
  )
