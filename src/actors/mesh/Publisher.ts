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
} from "../../domain/index.js"
import type { MeshOverloaded, Receipt } from "../journal/GroupCommit.js"
import type { NamespaceSeat } from "../namespace/NamespaceSeat.js"
import type { JournalEntry, StoreUnavailable } from "../ports/index.js"
import { tracedPublish } from "../telemetry/Tracing.js"
import type { Seats } from "./MeshIncarnation.js"
import type { MeshWorld } from "./MeshWorld.js"

export type PublishError =
  | NamespaceNotFound
  | NamespaceDisabled
  | NamespaceRemoving
  | EventTooLarge
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
   * The same without a fiber, for a namespace that is awake: answers false, and does nothing, when it
   * is not. `resume` is called exactly once, perhaps before this returns.
   */
  readonly publishAwake: (
    namespace: NamespaceName,
    events: ReadonlyArray<CloudEvent>,
    resume: (exit: Exit.Exit<ReadonlyArray<Receipt>, PublishError>) => void,
  ) => boolean
}

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

  const journal = (
    seat: NamespaceSeat,
    events: ReadonlyArray<CloudEvent>,
    resume: (exit: Exit.Exit<ReadonlyArray<Receipt>, PublishError>) => void,
  ): void => {
    const { hub } = seat
    const refusal = hub.refusal
    if (refusal !== undefined) return resume(Exit.fail(refusal))
    const limit = seat.settings.maxEventBytes ?? world.config.eventLimits.maxEventBytes
    const entries: Array<JournalEntry> = []
    for (const event of events) {
      const json = encodeStructured(event)
      if (json.length > limit) {
        const problem = { field: "event", limitBytes: limit, actualBytes: json.length }
        return resume(Exit.fail(new EventTooLarge(problem)))
      }
      entries.push({ namespace: hub.name, event, json })
    }
    world.commits.submit(hub, entries, resume)
  }

  const offer = (
    { hub }: NamespaceSeat,
    events: ReadonlyArray<CloudEvent>,
  ): Effect.Effect<ReadonlyArray<Receipt>, NamespaceDisabled | NamespaceRemoving> =>
    Effect.suspend(() => {
      const refusal = hub.refusal
      if (refusal !== undefined) return Effect.fail(refusal)
      const now = world.now()
      hub.lastActivity = now
      let late: Effect.Effect<void> | undefined
      for (const event of events) {
        const offered = JournaledEvent.ephemeral(event, now)
        const refused = hub.ephemeral(offered)
        if (refused.length === 0) continue
        // Let those who are behind run once before their events are given up on.
        const again = Effect.sync(() => {
          for (const route of refused) {
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
          return durability === "ephemeral"
            ? offer(seat, carrying)
            : Effect.async((resume) => journal(seat, carrying, resume))
        }
        const seat = awakeSeat(name)
        return seat === undefined ? Effect.flatMap(wake(name), go) : go(seat)
      }),
    publishAwake: (name, events, resume) => {
      const seat = awakeSeat(name)
      if (seat === undefined) return false
      journal(seat, events, resume)
      return true
    },
  }
}

const ephemeralReceipt = ({ source, id }: CloudEvent): Receipt => ({
  source,
  id,
  sequence: origin,
  duplicate: false,
})
