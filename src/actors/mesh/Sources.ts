// The sources of a mesh: stored, started with it, shown, changed, removed.

import { Effect, Option, ParseResult, Redacted, Schema, type Scope } from "effect"
import {
  InvalidSetting,
  type Source,
  type SourceName,
  SourceNotFound,
  SourceProblem,
  TableName,
  type TableSnapshot,
  WalOptions,
} from "../../domain/index.js"
import { type ActorTree, makeSupervisor } from "../kernel/index.js"
import {
  ChangeStreams,
  type ChangeStreamsService,
  patiently,
  Sources,
  type StoreUnavailable,
} from "../ports/index.js"
import { journalOutlet } from "../source/JournalOutlet.js"
import { alarmOf, type SourceSite } from "../source/RunSource.js"
import { sourceActor } from "../source/SourceActor.js"
import { seatSource, type SourceSeat } from "../source/SourceSeat.js"
import { TableSnapshots } from "../source/TableSnapshots.js"
import type { SourceService } from "./service/SourceService.js"
import type { MeshWorld } from "./MeshWorld.js"
import type { NamespaceDoor } from "./NamespaceDoor.js"
import { snapshotView, sourceView, type SourceView } from "./SourceView.js"

export interface RunningSources {
  readonly service: SourceService
  readonly tree: Effect.Effect<ActorTree>
  /** Those that need somebody: blocked, or lagging too much. */
  readonly stuck: () => ReadonlyArray<{ readonly source: SourceName; readonly problem: string }>
  readonly views: () => ReadonlyArray<SourceView>
}

const pageSize = 500

/** Starts what is stored; closing the scope stops it, with its places confirmed. */
export const makeSources = (
  world: MeshWorld,
  door: NamespaceDoor,
): Effect.Effect<RunningSources, never, Sources | Scope.Scope> =>
  Effect.gen(function* () {
    const records = yield* Sources
    const streams = yield* ChangeStreams
    const seats = new Map<SourceName, SourceSeat>()
    const supervisor = yield* makeSupervisor("mesh/sources", (key, exit) =>
      Effect.sync(() => {
        for (const seat of seats.values()) {
          if (seat.record.name === key) {
            seat.state = "blocked"
            seat.problem = new SourceProblem({ code: "fault", reason: `It ${exit._tag}.` })
          }
        }
      }),
    )
    const startedAt = world.now()
    const oneAtATime = Effect.unsafeMakeSemaphore(1).withPermits(1)

    const siteOf = (streams: ChangeStreamsService): SourceSite => ({
      streams,
      url: (source) => openUrl(world, source),
      outlet: (seat) =>
        journalOutlet({
          world,
          door,
          unknownNamespaces: seat.record.options.unknownNamespaces ?? "skip",
          counts: seat.counts,
        }),
      recordSlot: (seat, slot) =>
        Effect.suspend(() => {
          seat.record = { ...seat.record, slot }
          return patiently(records.put(seat.record))
        }),
      recordPlan: (seat) =>
        Effect.suspend(() => {
          const { snapshot } = seat.record.options
          if (snapshot === undefined) return Effect.void
          seat.record = { ...seat.record, snapshotPlanned: snapshot }
          return patiently(records.put(seat.record))
        }),
      now: world.now,
      alert: (alert) => world.alerts.raise(alert),
    })

    const snapshotsOf = (name: SourceName, present: ReadonlyArray<TableSnapshot>) =>
      new TableSnapshots(present, (snapshot) => patiently(records.putSnapshot(name, snapshot)))

    const start = (record: Source): Effect.Effect<SourceSeat> =>
      Effect.gen(function* () {
        const snapshots = yield* patiently(records.snapshots(record.name))
        const seat = seatSource(record, snapshotsOf(record.name, snapshots))
        seats.set(record.name, seat)
        if (streams === undefined) {
          seat.state = "blocked"
          seat.problem = noStreams
          return seat
        }
        yield* supervisor
          .start(record.name, sourceActor(siteOf(streams), seat, world.random))
          .pipe(Effect.catchAll((error) => Effect.logError("A source did not start", error)))
        return seat
      })

    const stop = (name: SourceName): Effect.Effect<void> =>
      Effect.zipRight(
        supervisor.stop(name),
        Effect.sync(() => void seats.delete(name)),
      )

    const startAll = Effect.gen(function* () {
      let after: SourceName | undefined
      for (;;) {
        const page = yield* patiently(
          records.list({ limit: pageSize, ...(after === undefined ? {} : { after }) }),
        )
        for (const record of page) {
          yield* oneAtATime(seats.has(record.name) ? Effect.void : start(record))
        }
        after = page.at(-1)?.name
        if (page.length < pageSize) return
      }
    })
    yield* Effect.forkScoped(startAll)

    const find = (name: SourceName): Effect.Effect<Source, SourceNotFound | StoreUnavailable> =>
      Effect.flatMap(
        records.get(name),
        Option.match({
          onNone: () => Effect.fail(new SourceNotFound({ source: name })),
          onSome: Effect.succeed,
        }),
      )

    const viewOf = (record: Source): SourceView =>
      sourceView(seats.get(record.name) ?? seatSource(record, snapshotsOf(record.name, [])))

    const put: SourceService["put"] = (name, input) =>
      Effect.gen(function* () {
        const { databaseUrl, kind, ...given } = input
        if (kind !== "wal" || streams === undefined) {
          return yield* invalid("kind", streams === undefined ? noStreams.reason : 'must be "wal"')
        }
        const options = yield* Effect.mapError(
          Schema.decodeUnknown(WalOptions)(given, { onExcessProperty: "error" }),
          invalidOption,
        )
        const stored = Option.getOrUndefined(yield* records.get(name))
        if (stored !== undefined && stored.options.slot !== options.slot) {
          return yield* invalid("slot", "cannot change: delete the source and create it again")
        }
        const url = yield* urlOf(world, databaseUrl, stored)
        const server = streams.describeUrl(url)
        if (server === undefined) {
          return yield* invalid("databaseUrl", "must be the URL of a database: postgres://...")
        }
        const now = world.now()
        const record: Source = {
          name,
          kind,
          options,
          server,
          sealedUrl: yield* world.vault.seal(ownerOf(name), url),
          ...(stored?.slot === undefined ? {} : { slot: stored.slot }),
          ...(stored?.snapshotPlanned === undefined
            ? {}
            : { snapshotPlanned: stored.snapshotPlanned }),
          createdAt: stored?.createdAt ?? now,
          updatedAt: now,
        }
        yield* records.put(record)
        yield* stop(name)
        return { created: stored === undefined, value: sourceView(yield* start(record)) }
      })

    const remove = (name: SourceName) =>
      Effect.gen(function* () {
        yield* find(name)
        yield* stop(name)
        // The actor may have recorded its slot while it was stopped.
        const { options, slot, ...record } = yield* find(name)
        yield* records.delete(name)
        if (slot?.isOurs !== true) return { slot: "kept" as const }
        return yield* openUrl(world, { ...record, options }).pipe(
          Effect.flatMap((url) => streams?.dropSlot(url, options.slot) ?? Effect.fail(noStreams)),
          Effect.as({ slot: "dropped" as const }),
          Effect.catchAll((problem) =>
            Effect.as(
              Effect.logWarning("A replication slot remains: drop it by hand", problem).pipe(
                Effect.annotateLogs({ source: name, slot: options.slot, server: record.server }),
              ),
              { slot: "remains" as const },
            ),
          ),
        )
      })

    const snapshot: SourceService["snapshot"] = (name, given) =>
      Effect.gen(function* () {
        yield* find(name)
        const table = yield* Effect.mapError(
          Schema.decodeUnknown(TableName)(given),
          (error) => new InvalidSetting({ field: "table", reason: reasonOf(error) }),
        )
        const seat = seats.get(name)
        // It is stored, and starts in the next moment.
        const own = seat?.snapshots ?? snapshotsOf(name, yield* records.snapshots(name))
        return snapshotView(yield* own.request(table, world.now()))
      })

    return {
      service: {
        put: (name, input) => oneAtATime(put(name, input)),
        get: (name) => Effect.map(find(name), viewOf),
        list: (page) => Effect.map(records.list(page), (found) => found.map(viewOf)),
        remove: (name) => oneAtATime(remove(name)),
        snapshot: (name, table) => oneAtATime(snapshot(name, table)),
      },
      tree: Effect.map(supervisor.tree, (children) => ({
        path: "mesh/sources",
        kind: "supervisor",
        state: "running",
        since: startedAt,
        restarts: 0,
        queueDepth: 0,
        handled: 0,
        children,
      })),
      stuck: () =>
        [...seats.values()].flatMap((seat) => {
          const problem = seat.state === "blocked" ? seat.problem?.message : alarmOf(seat)
          return problem === undefined ? [] : [{ source: seat.record.name, problem }]
        }),
      views: () => [...seats.values()].map(sourceView),
    }
  })

const noStreams = new SourceProblem({
  code: "fault",
  reason: "This deployment has no sources of that kind.",
})

const ownerOf = (name: SourceName): string => `source:${name}`

const openUrl = (
  { vault }: MeshWorld,
  { name, sealedUrl }: Source,
): Effect.Effect<Redacted.Redacted, SourceProblem> =>
  Effect.mapError(
    vault.open(ownerOf(name), sealedUrl),
    ({ message }) =>
      new SourceProblem({ code: "secret", reason: message, remedy: "State databaseUrl again." }),
  )

/** The URL that is given, or the one that is stored. */
const urlOf = (
  world: MeshWorld,
  given: unknown,
  stored: Source | undefined,
): Effect.Effect<Redacted.Redacted, InvalidSetting> => {
  if (typeof given === "string") return Effect.succeed(Redacted.make(given))
  if (given !== undefined) return invalid("databaseUrl", "must be a string")
  return stored === undefined
    ? invalid("databaseUrl", "is required")
    : Effect.catchAll(openUrl(world, stored), ({ message }) => invalid("databaseUrl", message))
}

const invalid = (field: string, reason: string): Effect.Effect<never, InvalidSetting> =>
  Effect.fail(new InvalidSetting({ field, reason }))

const reasonOf = (error: ParseResult.ParseError): string =>
  ParseResult.ArrayFormatter.formatErrorSync(error)[0]?.message ?? "is invalid"

const invalidOption = (error: ParseResult.ParseError): InvalidSetting => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  return new InvalidSetting({
    field: issue === undefined || issue.path.length === 0 ? "options" : issue.path.join("."),
    reason:
      issue === undefined ? "is invalid" : issue._tag === "Missing" ? "is required" : issue.message,
  })
}
