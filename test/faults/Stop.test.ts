// SIGTERM under load: deliveries in flight end, what they achieved is written, the process ends with
// code 0, and the next one repeats nothing.

import { setTimeout as after } from "node:timers"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Receivers from "../layers/transports/support/Receiver.js"
import {
  embeddedOptions,
  idsAt,
  idsUpTo,
  publish,
  settled,
  subscribe,
  upMesh,
} from "./ChildScene.js"

it.scopedLive(
  "a process asked to stop ends its deliveries, and the next one goes on without a repetition",
  () =>
    Effect.gen(function* () {
      const options = yield* embeddedOptions
      const receiver = yield* Receivers.http((_, response) => {
        after(() => response.writeHead(204).end(), 30)
      })
      const first = yield* upMesh(options)
      yield* subscribe(first, receiver, { concurrency: 8 })
      const acknowledged = yield* publish(first, idsUpTo(300))
      expect(acknowledged.length).toBe(300)
      yield* receiver.until(({ received }) => received.length >= 50)
      yield* first.signal("SIGTERM")
      expect(yield* first.ended).toEqual({ code: 0, signal: null })
      const before = receiver.received.length
      expect(before).toBeLessThan(300)

      const second = yield* upMesh(options)
      yield* settled(second)
      expect([...idsAt(receiver)].sort()).toEqual([...idsUpTo(300)].sort())
    }),
  60_000,
)

it.scopedLive(
  "a delivery that does not end is cut off at the deadline, and made again by the next process",
  () =>
    Effect.gen(function* () {
      const options = { ...(yield* embeddedOptions), drainMillis: 500 }
      let answers = false
      const receiver = yield* Receivers.http((_, response) => {
        if (answers) response.writeHead(204).end()
      })
      const first = yield* upMesh(options)
      yield* subscribe(first, receiver)
      yield* publish(first, ["stuck"])
      yield* receiver.until(({ received }) => received.length === 1)
      const askedAt = Date.now()
      yield* first.signal("SIGTERM")
      expect(yield* first.ended).toEqual({ code: 0, signal: null })
      expect(Date.now() - askedAt).toBeGreaterThanOrEqual(500)

      answers = true
      const second = yield* upMesh(options)
      yield* settled(second)
      expect(idsAt(receiver)).toEqual(["stuck", "stuck"])
    }),
  60_000,
)
