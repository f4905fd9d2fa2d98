// The outlet into the journal: the events of a batch go to their namespaces through the group commit,
// those of one namespace in order, and the batch is through when all of them are committed.
//
// It waits out a store that does not answer: what was written of the batch after all is recognised when
// it is tried again. Nothing that a row says can stop it: what no namespace takes is skipped or parked,
// what is too large goes with fewer columns.

import { Duration, Effect, Exit, Schedule } from "effect"
import {
  type CloudEvent,
  encodeStructured,
  type NamespaceName,
  namespaceName,
  SourceProblem,
  type UnknownNamespaces,
  Wal,
} from "../../domain/index.js"
import type { CommitExit, Receipt } from "../journal/GroupCommit.js"
import type { MeshWorld } from "../mesh/MeshWorld.js"
import type { NamespaceDoor } from "../mesh/NamespaceDoor.js"
import { bytesOf, storedBytes } from "../mesh/Publisher.js"
import type { NamespaceSeat } from "../namespace/NamespaceSeat.js"
import type { JournalEntry, StoreUnavailable } from "../ports/index.js"
import type { Outlet } from "./Outlet.js"
import { withinSize } from "./ReducedEvent.js"
import type { SourceCounts } from "./SourceCounts.js"

export interface JournalOutletOptions {
  readonly world: MeshWorld
  readonly door: NamespaceDoor
  readonly unknownNamespaces: UnknownNamespaces
  readonly counts: SourceCounts
}

/** The events of one namespace, in order. */
interface Group {
  readonly seat: NamespaceSeat
  readonly events: ReadonlyArray<CloudEvent>
}

/** The extension that says which namespace a parked event named. */
const wantedNamespace = "fornamespace"

const patience = Schedule.exponential(Duration.millis(50)).pipe(
  Schedule.union(Schedule.spaced(Duration.seconds(5))),
)

class NotCommitted {
  readonly _tag = "NotCommitted"
}

export const journalOutlet = (options: JournalOutletOptions): Outlet => {
  const { counts, door, unknownNamespaces, world } = options
  const parking = unknownNamespaces === "skip" ? undefined : unknownNamespaces.park

  /** The seat of a namespace that takes events; undefined where there is none. */
  const seatOf = (
    name: NamespaceName,
  ): Effect.Effect<NamespaceSeat | undefined, StoreUnavailable> => {
    const seat = door.seat(name)
    const awake =
      seat !== undefined && seat.hub.status !== "asleep" ? Effect.succeed(seat) : door.wake(name)
    return awake.pipe(
      Effect.map((found) => (found.hub.refusal === undefined ? found : undefined)),
      Effect.catchTags({
        NamespaceNotFound: () => Effect.succeed(undefined),
        NamespaceRemoving: () => Effect.succeed(undefined),
      }),
    )
  }

  /** Which seat takes which events; those that none takes are left out, or parked. */
  const seatAll = (
    events: ReadonlyArray<Wal.SourcedEvent>,
  ): Effect.Effect<ReadonlyArray<Group>, StoreUnavailable | SourceProblem> =>
    Effect.gen(function* () {
      const byName = new Map<string | undefined, Array<CloudEvent>>()
      for (const { event, namespace } of events) {
        const own = byName.get(namespace)
        if (own === undefined) byName.set(namespace, [event])
        else own.push(event)
      }
      const groups: Array<Group> = []
      const homeless: Array<readonly [string | undefined, ReadonlyArray<CloudEvent>]> = []
      for (const [text, own] of byName) {
        const name = text === undefined ? undefined : namespaceName(text)
        const seat = name === undefined ? undefined : yield* seatOf(name)
        if (seat === undefined) homeless.push([text, own])
        else groups.push({ seat, events: own })
      }
      if (homeless.length === 0) return groups
      if (parking === undefined) {
        for (const [, own] of homeless) counts.skipped += own.length
        return groups
      }
      const seat = yield* seatOf(parking)
      if (seat === undefined) return yield* noParking(parking)
      for (const [text, own] of homeless) {
        counts.parked += own.length
        groups.push({ seat, events: own.map((event) => parkedEvent(event, text)) })
      }
      return groups
    })

  const entriesOf = ({ seat, events }: Group): ReadonlyArray<JournalEntry> => {
    const namespace = seat.hub.name
    const limit = seat.settings.maxEventBytes ?? world.config.eventLimits.maxEventBytes
    const entries: Array<JournalEntry> = []
    for (const event of events) {
      const json = encodeStructured(event)
      if (json.length * 3 <= limit) {
        entries.push({ namespace, event, json })
        continue
      }
      const fitting = withinSize(event, json, limit)
      if (fitting === undefined) counts.unreadable++
      else {
        if (fitting.json !== json) counts.reduced++
        entries.push({ namespace, ...fitting })
      }
    }
    return entries
  }

  /** Hands all groups to the group commit; answers those that were not committed. */
  const commit = (groups: ReadonlyArray<Group>): Effect.Effect<ReadonlyArray<Group>> =>
    Effect.async((resume) => {
      let waiting = groups.length
      const failed: Array<Group> = []
      const settle = (group: Group, exit: CommitExit) => {
        if (Exit.isSuccess(exit)) count(exit.value)
        else failed.push(group)
        waiting -= 1
        if (waiting === 0) resume(Effect.succeed(failed))
      }
      if (waiting === 0) return resume(Effect.succeed(failed))
      for (const group of groups) {
        const entries = entriesOf(group)
        if (entries.length === 0) settle(group, Exit.succeed([]))
        else submit(group.seat, entries, (exit) => settle(group, exit))
      }
    })

  /** What comes from a database is never refused for a quota, but its bytes count. */
  const submit = (
    { hub, quota }: NamespaceSeat,
    entries: ReadonlyArray<JournalEntry>,
    settle: (exit: CommitExit) => void,
  ): void => {
    if (!quota.countsJournal) return world.commits.submit(hub, entries, settle)
    const bytes = bytesOf(entries)
    quota.begin(bytes)
    world.commits.submit(hub, entries, (exit) => {
      quota.end(bytes, Exit.isSuccess(exit) ? storedBytes(entries, exit.value) : 0)
      settle(exit)
    })
  }

  const count = (receipts: ReadonlyArray<Receipt>): void => {
    counts.events += receipts.length
    for (const { duplicate } of receipts) if (duplicate) counts.duplicates++
  }

  return {
    deliver: ({ items }, safe) =>
      Effect.suspend(() => {
        // What a group that failed names is looked up again: its namespace may be gone by then.
        let left = items
        const attempt = Effect.gen(function* () {
          const groups = yield* seatAll(left)
          const failed = yield* Effect.uninterruptible(
            Effect.tap(commit(groups), (failed) =>
              Effect.sync(() => (failed.length === 0 ? safe() : undefined)),
            ),
          )
          if (failed.length === 0) return
          left = failed.flatMap(({ events, seat }) =>
            events.map((event) => ({ namespace: seat.hub.name, event })),
          )
          return yield* Effect.fail(new NotCommitted())
        })
        return attempt.pipe(
          Effect.tapErrorTag("StoreUnavailable", (error) =>
            Effect.logWarning("A source waits for the store", error),
          ),
          Effect.retry({
            while: ({ _tag }) => _tag !== "SourceProblem",
            schedule: patience,
          }),
          Effect.catchAll((error) =>
            error._tag === "SourceProblem" ? Effect.fail(error) : Effect.die(error),
          ),
        )
      }),
  }
}

const noParking = (parking: NamespaceName) =>
  new SourceProblem({
    code: "no-parking-namespace",
    reason: `Rows that no namespace takes are to go to "${parking}", which takes no events either.`,
    remedy: "Create or enable it, or let such rows be skipped.",
  })

const parkedEvent = (event: CloudEvent, wanted: string | undefined): CloudEvent => {
  const text = Wal.attributeText(wanted)
  return text === undefined ? event : { ...event, [wantedNamespace]: text }
}
