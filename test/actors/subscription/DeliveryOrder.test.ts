import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { DeliveryOrder } from "../../../src/actors/subscription/DeliveryOrder.js"
import type { Item } from "../../../src/actors/subscription/Item.js"
import { JournaledEvent, Sequence } from "../../../src/domain/index.js"
import { cloudEvent } from "../../laws/LawEvents.js"

const event = cloudEvent({ id: "e", source: "/", type: "t" })
const item = (
  sequence: number,
  orderKey: string | undefined,
  kind: Item["kind"] = "fresh",
): Item => ({
  event: JournaledEvent.of(Sequence.make(sequence), event, 1),
  orderKey,
  kind,
  place: undefined,
  attempts: 0,
  since: undefined,
  parkedSince: undefined,
  startedAt: 0,
  replay: undefined,
  probe: 0,
})

describe("DeliveryOrder", () => {
  it("starts each item once, those of a key one after the other as pushed, others at once", () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ push: fc.constantFrom("a", "b", undefined) }) },
      { weight: 2, arbitrary: fc.record({ preferFresh: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ end: fc.nat(5) }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
        const order = new DeliveryOrder()
        const flying: Array<Item> = []
        const started: Array<Item> = []
        let pushed = 0
        const start = (preferFresh: boolean) => {
          const next = order.next(preferFresh)
          if (next === undefined) return false
          for (const other of flying)
            expect(next.orderKey === undefined || other.orderKey !== next.orderKey).toBe(true)
          flying.push(next)
          started.push(next)
          return true
        }
        const end = (index: number) => {
          const [ended] = flying.splice(index, 1)
          if (ended?.orderKey !== undefined) order.free(ended.orderKey)
        }
        for (const step of steps) {
          if ("push" in step) order.push(item(++pushed, step.push))
          else if ("end" in step) end(step.end)
          else start(step.preferFresh)
        }
        while (start(false) || flying.length > 0) end(0)
        expect(started.length).toBe(pushed)
        for (const key of ["a", "b", undefined]) {
          const own = started.filter(({ orderKey }) => orderKey === key)
          const sequences = own.map(({ event }) => event.sequence)
          expect(sequences).toEqual([...sequences].sort((a, b) => a - b))
        }
        expect([order.isBusy("a"), order.isBusy("b")]).toEqual([false, false])
      }),
    )
  })

  it("takes what is tried again first, unless fresh is preferred", () => {
    const order = new DeliveryOrder()
    order.push(item(2, undefined))
    order.pushRetry(item(1, undefined, "retried"))
    order.push(item(3, undefined))
    order.pushRetry(item(0, undefined, "retried"))
    const next = [order.next(true), order.next(false), order.next(false), order.next(false)]
    expect(next.map((one) => Number(one?.event.sequence))).toEqual([2, 1, 0, 3])
    expect(order.next(true)).toBeUndefined()
  })

  it("keeps a blocked key back, and gives up what waits behind it when asked", () => {
    const order = new DeliveryOrder()
    order.block("a")
    order.push(item(1, "a"))
    order.push(item(2, "a"))
    expect(order.ready).toBe(0)
    expect(order.takeWaiting("a").map(({ event }) => Number(event.sequence))).toEqual([1, 2])
    expect(order.takeWaiting("a")).toEqual([])
    order.free("a")
    order.push(item(3, "a"))
    expect(order.ready).toBe(1)
  })
})
