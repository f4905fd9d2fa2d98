// The way in: finds the namespace awake or has it woken, and hands the events to the group commit,
// or, when they need not be durable, straight to who is listening.

import { Effect, Exit } from "effect"
import {
  type CloudEvent,
  encodeStructured,
  EventTooLarge,
  JournaledEvent,
  type NamespaceDisabled,
  type NamespaceName,
  type NamespaceNotFound,
  type NamespaceRemoving,
  origin,
  type PublishRefused,
  type SchemaMismatch,
  type UnregisteredType,
  utf8Length,
  utf8LengthAbove,
} from "../../domain/index.js"
import type { MeshOverloaded, Receipt } from "../journal/GroupCommit.js"
import { applyRetention } from "../journal/Retention.js"
import type { NamespaceSeat } from "../namespace/NamespaceSeat.js"
import { countRefusal } from "../namespace/PublishQuota.js"
import type { JournalEntry, StoreUnavailable } from "../ports/index.js"
import { tracedPublish } from "../telemetry/Tracing.js"
import type { Seats } from "./MeshIncarnation.js"
import type { MeshWorld } from "./MeshWorld.js"

export type PublishError =
  | NamespaceNotFound
  | NamespaceDisabled
  | NamespaceRemoving
  | EventTooLarge
  | PublishRefused
  | SchemaMismatch
  | UnregisteredType
  | MeshOverloaded
  | StoreUnavailable

/**
 * `journalled` (the default): acknowledged once committed, delivered at least once.
 * `ephemeral`: delivered at most once to those who keep up, not stored, sequence 0.
 */
export type Durability = "journalled" | "ephemeral"

export interface Publisher {
  /** All of the events or none. The receipts are in their order. */
  readonly publish: (
    namespace: NamespaceName,
    events: ReadonlyArray<CloudEvent>,
    durability?: Durability,
  ) => Effect.Effect<ReadonlyArray<Receipt>, PublishError>
  /**
   * Why the quota of a namespace would not let even one event through now, to be asked before events
   * are read: it costs next to nothing. Undefined when it would, or when that is not known.
   */
  readonly refusal: (namespace: NamespaceName) => PublishRefused | undefined
  /**
   * Publishing without a fiber, for a namespace that is awake: answers false, and does nothing, when
   * it is not, or when its journal is full and may be made room in. `resume` is called exactly once,
   * perhaps before this returns.
   */
  readonly publishAwake: (
    namespace: NamespaceName,
    events: ReadonlyArray<CloudEvent>,
    resume: (exit: Exit.Exit<ReadonlyArray<Receipt>, PublishError>) => void,
  ) => boolean
}

type Resume = (exit: Exit.Exit<ReadonlyArray<Receipt>, PublishError>) => void

export const makePublisher = (
  world: MeshWorld,
  seats: Seats,
  wake: (
    name: NamespaceName,
  ) => Effect.Effect<NamespaceSeat, NamespaceNotFound | NamespaceRemoving | StoreUnavailable>,
): Publisher => {
  const awakeSeat = (name: NamespaceName): NamespaceSeat | undefined => {
    const seat = seats.get(name)
    return seat?.hub.status === "asleep" ? undefined : seat
  }

  const refused = <E extends PublishRefused | EventTooLarge>(refusal: E): E => {
    countRefusal(world.refusals, refusal)
    return refusal
  }

  /** The events as they are stored, unless one is larger than the namespace allows. */
  const encode = (
    { hub, settings }: NamespaceSeat,
    events: ReadonlyArray<CloudEvent>,
  ): ReadonlyArray<JournalEntry> | EventTooLarge => {
    const limitBytes = settings.maxEventBytes ?? world.config.eventLimits.maxEventBytes
    const entries: Array<JournalEntry> = []
    for (const event of events) {
      const json = encodeStructured(event)
      const actualBytes = utf8LengthAbove(json, limitBytes)
      if (actualBytes !== undefined) {
        const place = events.length > 1 ? { index: entries.length } : {}
        return new EventTooLarge({ ...place, field: "event", limitBytes, actualBytes })
      }
      entries.push({ namespace: hub.name, event, json })
    }
    return entries
  }

  /** Hands the events to the journal. False, and nothing is done, when room should be made in it first. */
  const journal = (
    seat: NamespaceSeat,
    events: ReadonlyArray<CloudEvent>,
    resume: Resume,
  ): boolean => {
    const { hub, quota } = seat
    const refuse = (error: PublishError): true => {
      resume(Exit.fail(error))
      return true
    }
    if (hub.refusal !== undefined) return refuse(hub.refusal)
    const now = world.now()
    const tooMany = quota.refusalOf(events.length, now)
    if (tooMany !== undefined) return refuse(refused(tooMany))
    const entries = encode(seat, events)
    if (entries instanceof EventTooLarge) return refuse(refused(entries))
    const bytes = quota.ratesBytes || quota.countsJournal ? bytesOf(entries) : 0
    const full = quota.journalRefusal(bytes)
    if (full !== undefined) return !quota.maySeekRoom(now) && refuse(refused(full))
    const unfit = seat.catalogue?.refusal(events)
    if (unfit !== undefined) return refuse(unfit)
    const exceeded = quota.take(events.length, bytes, now)
    if (exceeded !== undefined) return refuse(refused(exceeded))
    if (!quota.countsJournal) {
      world.commits.submit(hub, entries, resume)
      return true
    }
    quota.begin(bytes)
    world.commits.submit(hub, entries, (exit) => {
      quota.end(bytes, Exit.isSuccess(exit) ? storedBytes(entries, exit.value) : 0)
      resume(exit)
    })
    return true
  }

  const makeRoom = (seat: NamespaceSeat): Effect.Effect<void, StoreUnavailable> => {
    const sought = Effect.sync(() => seat.quota.seeksRoom(world.now()))
    return Effect.zipRight(sought, applyRetention(world, seats, seat.hub.name)).pipe(
      Effect.zipRight(sought),
    )
  }

  const offer = (
    seat: NamespaceSeat,
    events: ReadonlyArray<CloudEvent>,
  ): Effect.Effect<ReadonlyArray<Receipt>, PublishError> =>
    Effect.suspend((): Effect.Effect<ReadonlyArray<Receipt>, PublishError> => {
      const { catalogue, hub, quota, settings } = seat
      if (hub.refusal !== undefined) return Effect.fail(hub.refusal)
      const now = world.now()
      const tooMany = quota.refusalOf(events.length, now)
      if (tooMany !== undefined) return Effect.fail(refused(tooMany))
      const isWeighed = quota.ratesBytes || settings.maxEventBytes !== undefined
      const entries = isWeighed ? encode(seat, events) : undefined
      if (entries instanceof EventTooLarge) return Effect.fail(refused(entries))
      const bytes = entries !== undefined && quota.ratesBytes ? bytesOf(entries) : 0
      const unfit = catalogue?.refusal(events)
      if (unfit !== undefined) return Effect.fail(unfit)
      const exceeded = quota.take(events.length, bytes, now)
      if (exceeded !== undefined) return Effect.fail(refused(exceeded))
      hub.lastActivity = now
      let late: Effect.Effect<void> | undefined
      for (const [index, event] of events.entries()) {
        const offered = JournaledEvent.ephemeral(event, now, entries?.[index]?.json)
        const refusing = hub.ephemeral(offered)
        if (refusing.length === 0) continue
        // Let those who are behind run once before their events are given up on.
        const again = Effect.sync(() => {
          for (const route of refusing) {
            if (route.offerEphemeral(offered)) route.pump()
            else route.drop()
          }
        })
        late =
          late === undefined
            ? Effect.zipRight(Effect.yieldNow(), again)
            : Effect.zipRight(late, again)
      }
      const receipts = Effect.sync(() => events.map(ephemeralReceipt))
      return late === undefined ? receipts : Effect.zipRight(late, receipts)
    })

  return {
    publish: (name, events, durability = "journalled") =>
      tracedPublish(name, events, (carrying) => {
        const go = (seat: NamespaceSeat): Effect.Effect<ReadonlyArray<Receipt>, PublishError> => {
          // It fell asleep again before its turn came.
          if (seat.hub.status === "asleep") return Effect.flatMap(wake(name), go)
          if (durability === "ephemeral") return offer(seat, carrying)
          return Effect.async((resume) => {
            if (journal(seat, carrying, resume)) return
            resume(
              Effect.zipRight(
                makeRoom(seat),
                Effect.suspend(() => go(seat)),
              ),
            )
          })
        }
        const seat = awakeSeat(name)
        return seat === undefined ? Effect.flatMap(wake(name), go) : go(seat)
      }),
    refusal: (name) => {
      const refusal = awakeSeat(name)?.quota.refusal(world.now())
      return refusal === undefined ? undefined : refused(refusal)
    },
    publishAwake: (name, events, resume) => {
      const seat = awakeSeat(name)
      return seat !== undefined && journal(seat, events, resume)
    },
  }
}

export const bytesOf = (entries: ReadonlyArray<JournalEntry>): number => {
  let bytes = 0
  for (const { json } of entries) bytes += utf8Length(json)
  return bytes
}

/** Of the events of a publish, the bytes of those that are new to the journal. */
export const storedBytes = (
  entries: ReadonlyArray<JournalEntry>,
  receipts: ReadonlyArray<Receipt>,
): number => bytesOf(entries.filter((_, index) => receipts[index]?.duplicate === false))

const ephemeralReceipt = ({ source, id }: CloudEvent): Receipt => ({
  source,
  id,
  sequence: origin,
  duplicate: false,
})
