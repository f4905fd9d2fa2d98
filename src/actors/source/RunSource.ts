// One life of a source's stream: opened, read, its events passed on, its place confirmed; watched.

import { Effect, type Redacted, type Scope } from "effect"
import {
  type Alert,
  defaultBufferBytes,
  namespaceTemplate,
  publicationsOf,
  slotMissing,
  type Source,
  type SourceProblem,
  type SlotRecord,
  Wal,
} from "../../domain/index.js"
import type {
  ChangeStream,
  ChangeStreamRequest,
  ChangeStreamsService,
  TableReader,
} from "../ports/index.js"
import { pumpChanges } from "./ChangePump.js"
import { EventMaker } from "./EventMaker.js"
import type { Outlet } from "./Outlet.js"
import { beforeStream, throughGate } from "./PartEntrance.js"
import { readAtStart, runSnapshots, type SnapshotOptions } from "./RunSnapshots.js"
import { lagAlarm, watchSlot } from "./SlotWatch.js"
import type { SourceSeat } from "./SourceSeat.js"
import { StreamGate } from "./StreamGate.js"

export interface SourceSite {
  readonly streams: ChangeStreamsService
  /** The URL of the source's database. */
  readonly url: (source: Source) => Effect.Effect<Redacted.Redacted, SourceProblem>
  readonly outlet: (seat: SourceSeat) => Outlet
  /** Stores what is known of the slot, whatever that takes. */
  readonly recordSlot: (seat: SourceSeat, slot: SlotRecord) => Effect.Effect<void>
  /** Stores that what its options say of snapshots is on the list, whatever that takes. */
  readonly recordPlan: (seat: SourceSeat) => Effect.Effect<void>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Tells the operator. */
  readonly alert: (alert: Alert) => void
}

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
      const { counts } = seat
      const unheard: Array<Wal.UnreadableChange> = []
      const values: Wal.ValueOptions = { numbers: options.numbers ?? "exact" }
      const events = planOf(seat.record, stream.systemId)
      const gate = new StreamGate<Wal.SourcedEvent>()
      const { now } = site
      const unreadable = (change: Wal.UnreadableChange) => {
        counts.unreadable++
        unheard.push(change)
      }
      const outlet = reporting(site.outlet(seat), () =>
        unheard.length === 0 ? Effect.void : reportUnreadable(seat, unheard.splice(0)),
      )
      const pump = pumpChanges({
        stream,
        maker: new EventMaker({ stream, plan: events, values, now, unreadable }),
        bufferBytes: options.bufferBytes ?? defaultBufferBytes,
        counts,
        outlet,
        gate,
        confirmed: (place) => {
          seat.confirmed = place
        },
      })
      let isOver = false
      const pumpToEnd = Effect.onExit(pump, () =>
        Effect.sync(() => {
          isOver = true
        }),
      )
      const telling: SnapshotOptions = {
        stream,
        snapshots: seat.snapshots,
        events,
        types: new Wal.PgTypes(values),
        counts,
        now,
        unreadable,
        plan: (tables) => planSnapshots(site, seat, tables),
        isOver: () => isOver,
      }
      const { atStart } = stream
      const first =
        atStart === undefined
          ? Effect.void
          : Effect.ensuring(readAtStart(telling, atStart, beforeStream(outlet)), atStart.close)
      const beside = runSnapshots(telling, stream.reader, throughGate(gate, stream))
      const tell = Effect.zipRight(
        first,
        Effect.all([pumpToEnd, beside], { concurrency: "unbounded", discard: true }),
      )
      return yield* Effect.all([tell, watch(site, seat, stream), beat(seat, stream)], {
        concurrency: "unbounded",
        discard: true,
      })
    }),
  ).pipe(Effect.zipRight(Effect.never))

/** Once for what the options say; tables that come later are told by their changes. */
const planSnapshots = (
  site: SourceSite,
  seat: SourceSeat,
  tables: TableReader["tables"],
): Effect.Effect<void, SourceProblem> =>
  Effect.gen(function* () {
    const { options, snapshotPlanned } = seat.record
    const wanted = options.snapshot
    if (wanted === undefined || String(wanted) === String(snapshotPlanned)) return
    const events = new Set(options.eventTables)
    const named = wanted === "all" ? (yield* tables).filter((table) => !events.has(table)) : wanted
    yield* seat.snapshots.plan(named, site.now())
    yield* site.recordPlan(seat)
  })

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
      messages: true,
      valueForms: "domain",
      readsAtStart: seat.record.snapshotPlanned === undefined && options.snapshot !== undefined,
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

/** The outlet, with a report before each batch; what holds nothing but a place does not go there. */
const reporting = (outlet: Outlet, report: () => Effect.Effect<void>): Outlet => ({
  deliver: (batch, safe) =>
    Effect.zipRight(
      Effect.suspend(report),
      batch.items.length === 0 ? Effect.sync(safe) : outlet.deliver(batch, safe),
    ),
})

/** Keeps an eye on the slot; says so when the server has to keep more than it should. */
const watch = (
  site: SourceSite,
  seat: SourceSeat,
  stream: ChangeStream,
): Effect.Effect<never, SourceProblem> => {
  const { lagBudget, slot } = seat.record.options
  return watchSlot({
    stream,
    slot,
    lagBudget,
    looked: (health) => {
      seat.health = health
    },
    alarm: ({ lagBytes, walStatus }, why) => {
      const { name } = seat.record
      site.alert({
        _tag: "SourceLagging",
        source: name,
        lagBytes,
        budgetBytes: lagBudget ?? 0,
      })
      return Effect.annotateLogs(Effect.logWarning("A source lags", why), {
        source: name,
        lagBytes,
        walStatus,
      })
    },
  })
}

/** Why its lag is a matter for somebody; undefined when it is not. */
export const alarmOf = ({ health, record }: SourceSeat): string | undefined =>
  health === undefined ? undefined : lagAlarm(health, record.options.lagBudget)

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
