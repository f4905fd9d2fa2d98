// Deleting in writes that others hardly notice.

import { describe, expect, it } from "@effect/vitest"
import { Effect, type Fiber, TestClock } from "effect"
import * as fc from "fast-check"
import { inBoundedWrites, nextRows } from "../../../src/actors/journal/BoundedWrites.js"
import { defaultMeshConfig } from "../../../src/actors/mesh/MeshConfig.js"
import { StoreUnavailable } from "../../../src/actors/index.js"

/** Deletes from a store in which each row takes so long. */
const deleting = (total: number, millisPerRow: number, purgeRows = defaultMeshConfig.purgeRows) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const writes: Array<{ readonly limit: number; readonly at: number; readonly until: number }> =
      []
    let left = total
    const elapsed = () => clock.unsafeCurrentTimeMillis()
    const deleted = yield* inBoundedWrites(
      { config: { ...defaultMeshConfig, purgeRows }, elapsed },
      (limit, before) =>
        Effect.gen(function* () {
          expect(before).toBe(total - left)
          const rows = Math.min(limit, left)
          left -= rows
          const at = elapsed()
          yield* Effect.sleep(rows * millisPerRow)
          writes.push({ limit, at, until: elapsed() })
          return rows
        }),
    ).pipe(Effect.fork, Effect.flatMap(passing))
    return { deleted, left, writes }
  })

/** Lets time pass until it is done. */
const passing = <A, E>(fiber: Fiber.Fiber<A, E>) =>
  Effect.zipRight(TestClock.adjust("1 day"), fiber)

describe("Bounded writes", () => {
  it.effect("delete everything, each in about the time that it may take, and rest as long", () =>
    Effect.gen(function* () {
      const { deleted, left, writes } = yield* deleting(20_000, 0.05)
      expect([deleted, left]).toEqual([20_000, 0])
      for (const [index, { at, until }] of writes.entries()) {
        expect(until - at).toBeLessThanOrEqual(5)
        const next = writes[index + 1]
        if (next !== undefined) expect(next.at - until).toBe(until - at)
      }
    }),
  )

  it.effect("have as many rows as they may where rows cost nothing", () =>
    Effect.gen(function* () {
      const { deleted, writes } = yield* deleting(50_000, 0)
      expect(deleted).toBe(50_000)
      expect(Math.max(...writes.map(({ limit }) => limit))).toBe(defaultMeshConfig.purgeRows)
      expect((yield* deleting(50, 0, 5)).writes.every(({ limit }) => limit === 5)).toBe(true)
    }),
  )

  it("get smaller where they take long, and never stop", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.integer({ min: 1, max: 5_000 }),
        (rows, millis, most) => {
          const next = nextRows(Math.min(rows, most), millis, most)
          expect(next).toBeGreaterThanOrEqual(Math.min(100, most))
          expect(next).toBeLessThanOrEqual(most)
          if (millis > 5) expect(next).toBeLessThanOrEqual(Math.max(100, Math.min(rows, most)))
        },
      ),
    )
  })

  it.effect("end with the failure of one", () =>
    Effect.gen(function* () {
      const failure = new StoreUnavailable({ operation: "trim", reason: "out" })
      const world = { config: defaultMeshConfig, elapsed: () => 0 }
      const ended = inBoundedWrites(world, (_, deleted) =>
        deleted === 0 ? Effect.succeed(1) : failure,
      )
      expect(yield* Effect.flip(ended)).toBe(failure)
    }),
  )
})
