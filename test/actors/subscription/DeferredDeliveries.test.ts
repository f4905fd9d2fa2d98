import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Deferral } from "../../../src/actors/index.js"
import { DeferredDeliveries } from "../../../src/actors/subscription/DeferredDeliveries.js"
import { reasonOf, Sequence } from "../../../src/domain/index.js"

const deferral = (sequence: number, dueAt: number | undefined, orderKey?: string): Deferral => ({
  sequence: Sequence.make(sequence),
  orderKey,
  attempts: 1,
  dueAt,
  since: 0,
  parkedSince: undefined,
  reason: reasonOf("busy"),
})
const sequences = (deferrals: ReadonlyArray<Deferral>) =>
  deferrals.map(({ sequence }) => Number(sequence))

describe("DeferredDeliveries", () => {
  it("hands out each that is due once, until it is given back, set aside again or settled", () => {
    const step = fc.oneof(
      fc.record({ put: fc.nat(8), dueAt: fc.nat(20) }),
      fc.record({ settle: fc.nat(8) }),
      fc.record({ take: fc.nat(3) }),
      fc.record({ untake: fc.nat(8) }),
      fc.record({ advance: fc.nat(4) }),
    )
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const deferred = new DeferredDeliveries()
        const model = new Map<number, { dueAt: number; started: boolean }>()
        let now = 0
        for (const step of steps) {
          if ("put" in step) {
            deferred.put(deferral(step.put, step.dueAt))
            model.set(step.put, { dueAt: step.dueAt, started: false })
          } else if ("settle" in step) {
            deferred.settle(step.settle)
            model.delete(step.settle)
          } else if ("untake" in step) {
            deferred.untake([deferral(step.untake, 0)])
            const one = model.get(step.untake)
            if (one !== undefined) one.started = false
          } else if ("advance" in step) now += step.advance
          else {
            const due = [...model]
              .filter(([, one]) => !one.started && one.dueAt <= now)
              .map(([sequence]) => sequence)
              .sort((a, b) => a - b)
              .slice(0, step.take)
            expect(sequences(deferred.takeDue(now, step.take))).toEqual(due)
            for (const sequence of due) {
              const one = model.get(sequence)
              if (one !== undefined) one.started = true
            }
          }
          expect(deferred.size).toBe(model.size)
          const waiting = [...model.values()].filter(({ started }) => !started)
          const next =
            waiting.length === 0 ? undefined : Math.min(...waiting.map((one) => one.dueAt))
          expect(deferred.nextDue(now)).toBe(next)
        }
      }),
    )
  })

  it("releases what is held for a key in order, one at a time", () => {
    const deferred = new DeferredDeliveries()
    deferred.put(deferral(1, 50, "a"))
    for (const sequence of [2, 3]) deferred.put(deferral(sequence, undefined, "a"))
    deferred.put(deferral(4, undefined, "b"))
    expect(deferred.blocks("a")).toBe(true)
    expect(sequences(deferred.takeDue(100, 10))).toEqual([1])
    for (const expected of [2, 3]) {
      deferred.settle(expected - 1)
      expect(Number(deferred.release("a", 100)?.sequence)).toBe(expected)
      expect(sequences(deferred.takeDue(100, 10))).toEqual([expected])
    }
    deferred.settle(3)
    expect(deferred.release("a", 100)).toBeUndefined()
    expect([deferred.blocks("a"), deferred.blocks("b")]).toEqual([false, true])
  })

  it("does not know one that is being tried as waiting", () => {
    const deferred = new DeferredDeliveries()
    deferred.put(deferral(1, 0))
    expect(deferred.waiting(1)).toBeDefined()
    deferred.takeDue(1, 1)
    expect(deferred.waiting(1)).toBeUndefined()
  })
})
