import * as fc from "fast-check"
import { expect, it } from "vitest"
import { Deque } from "../../../src/actors/subscription/Deque.js"

it("does what an array does, however it is used", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ push: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ unshift: fc.nat() }) },
    { weight: 3, arbitrary: fc.constant("shift" as const) },
    { weight: 1, arbitrary: fc.constant("clear" as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
      const deque = new Deque<number>()
      const model: Array<number> = []
      for (const step of steps) {
        if (step === "shift") expect(deque.shift()).toBe(model.shift())
        else if (step === "clear") {
          deque.clear()
          model.length = 0
        } else if ("push" in step) {
          deque.push(step.push)
          model.push(step.push)
        } else {
          deque.unshift(step.unshift)
          model.unshift(step.unshift)
        }
        expect([deque.size, deque.peek()]).toEqual([model.length, model[0]])
        expect([...deque]).toEqual(model)
      }
    }),
  )
})
