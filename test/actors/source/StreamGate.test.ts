// The gate: rows enter before the first transaction that they do not hold, and nothing is begun meanwhile.

import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { StreamGate } from "../../../src/actors/source/StreamGate.js"
import type { Wal } from "../../../src/domain/index.js"

const lsn = (value: bigint) => value as Wal.Lsn
const entered = [{ items: ["row"], place: undefined }]
const entry = Effect.succeed(entered)
/** Sees the transactions below. */
const seeing = (end: number): Effect.Effect<Wal.ReadView> =>
  Effect.succeed({ lsn: lsn(100n), sees: (xid) => xid < end })

describe("rows that were read", () => {
  it.effect("enter before the first transaction that they do not hold, once", () =>
    Effect.gen(function* () {
      const gate = new StreamGate<string>()
      gate.before(1, lsn(1n))
      expect(yield* gate.await(seeing(3), entry)).toBe(true)
      expect(gate.before(2, lsn(2n))).toBeUndefined()
      expect(gate.passed(lsn(99n))).toBeUndefined()
      expect(yield* gate.before(3, lsn(3n)) ?? Effect.void).toBe(entered)
      expect(gate.before(4, lsn(4n))).toBeUndefined()
    }),
  )

  it.effect("enter when all that they hold has passed, and not after they were withdrawn", () =>
    Effect.gen(function* () {
      const gate = new StreamGate<string>()
      yield* gate.await(seeing(3), entry)
      expect(yield* gate.passed(lsn(100n)) ?? Effect.void).toBe(entered)
      yield* gate.await(seeing(3), entry)
      gate.withdraw()
      expect(gate.passed(lsn(100n))).toBeUndefined()
    }),
  )

  it.effect("are refused where something was told that they do not hold", () =>
    Effect.gen(function* () {
      const gate = new StreamGate<string>()
      gate.before(5, lsn(1n))
      expect(yield* gate.await(seeing(5), entry)).toBe(false)
      expect(gate.isAwaited).toBe(false)
      expect(yield* gate.await(seeing(6), entry)).toBe(true)
    }),
  )

  it.effect("hold up what begins while it is settled what they hold", () =>
    Effect.gen(function* () {
      const gate = new StreamGate<string>()
      const view = yield* Deferred.make<Wal.ReadView>()
      const waiting = yield* Effect.fork(gate.await(Deferred.await(view), entry))
      yield* Effect.yieldNow()
      const held = gate.before(9, lsn(1n))
      expect(held).toBeDefined()
      const told = yield* Effect.fork(held ?? Effect.void)
      yield* Deferred.complete(view, seeing(9))
      expect(yield* Fiber.join(waiting)).toBe(true)
      expect(yield* Fiber.join(told)).toBe(entered)
    }),
  )
})
