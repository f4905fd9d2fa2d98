// The demo's publisher: events of three domains at a steady rate, or as fast as the destinations that
// are well take them, so that what is measured is the mesh and not a queue before it.

import { performance } from "node:perf_hooks"
import { Clock, Effect, Either, Schedule } from "effect"
import type { MeshService } from "../../../actors/index.js"
import { CloudEvent, type NamespaceName } from "../../../domain/index.js"
import type { Destination } from "./Ledger.js"

export interface Traffic {
  /** Publishes until so many events have been offered in all. */
  readonly publishUpTo: (offered: number) => Effect.Effect<void>
  readonly offered: () => number
  readonly accepted: ReadonlyMap<NamespaceName, number>
  /** Refused because their domain was being removed, or was gone. */
  readonly refused: ReadonlyMap<NamespaceName, number>
}

export interface TrafficOptions {
  readonly mesh: MeshService
  /** Each with its share of ten events. */
  readonly domains: ReadonlyArray<{ readonly name: NamespaceName; readonly share: number }>
  readonly destinations: ReadonlyArray<Destination>
  /** Those whose backlog is waited for. */
  readonly paceOf: ReadonlyArray<Destination>
  readonly onProgress: (offered: number) => Effect.Effect<void>
}

const EVENTS_PER_SECOND = 3_000
const MAX_BATCH = 40
const MAX_BACKLOG = 80
const GUESTS = 50
const TYPES = ["booking.reserved", "booking.cancelled", "invoice.paid"] as const

const overloaded = Schedule.spaced("20 millis")

export const makeTraffic = (options: TrafficOptions): Traffic => {
  const { mesh, domains, destinations, onProgress, paceOf } = options
  const turns = domains.flatMap(({ name, share }) => Array.from({ length: share }, () => name))
  const accepted = new Map<NamespaceName, number>()
  const refused = new Map<NamespaceName, number>()
  let offered = 0

  const nextEvent = (place: number) => {
    const type = TYPES[place % TYPES.length] ?? TYPES[0]
    return Either.getOrThrow(
      CloudEvent.make({
        id: `event-${place}`,
        source: "/eventloom/demo",
        type,
        subject: `guest-${place % GUESTS}`,
        data: { place, nights: 1 + (place % 7) },
      }),
    )
  }

  const publish = (name: NamespaceName, events: ReadonlyArray<CloudEvent>) =>
    Effect.suspend(() => {
      const now = performance.now()
      const targets = destinations.filter(({ domain }) => domain === name)
      for (const event of events) {
        for (const target of targets) {
          if (target.matches(event.type)) target.expected.set(event.id, now)
        }
      }
      return mesh.publish(name, events).pipe(
        Effect.retry({ while: ({ _tag }) => _tag === "MeshOverloaded", schedule: overloaded }),
        Effect.match({
          onSuccess: () => {
            accepted.set(name, (accepted.get(name) ?? 0) + events.length)
          },
          onFailure: () => {
            refused.set(name, (refused.get(name) ?? 0) + events.length)
            for (const event of events) {
              for (const target of targets) target.expected.delete(event.id)
            }
          },
        }),
      )
    })

  const backlog = () =>
    paceOf.reduce((sum, { expected, received }) => sum + expected.size - received.size, 0)

  const publishUpTo = (goal: number) =>
    Effect.gen(function* () {
      const startedAt = yield* Clock.currentTimeMillis
      const before = offered
      while (offered < goal) {
        const elapsed = (yield* Clock.currentTimeMillis) - startedAt
        const due = before + Math.ceil((elapsed * EVENTS_PER_SECOND) / 1_000)
        const until = Math.min(goal, due, offered + MAX_BATCH)
        if (until <= offered || backlog() > MAX_BACKLOG) {
          yield* Effect.sleep("2 millis")
          continue
        }
        const batches = new Map<NamespaceName, Array<CloudEvent>>()
        for (; offered < until; offered++) {
          // Types and domains go round independently of each other.
          const name = turns[Math.floor(offered / TYPES.length) % turns.length]
          if (name === undefined) continue
          const batch = batches.get(name)
          if (batch === undefined) batches.set(name, [nextEvent(offered)])
          else batch.push(nextEvent(offered))
        }
        yield* Effect.forEach(batches, ([name, events]) => publish(name, events), {
          concurrency: "unbounded",
          discard: true,
        })
        yield* onProgress(offered)
      }
    })

  return { publishUpTo, offered: () => offered, accepted, refused }
}
