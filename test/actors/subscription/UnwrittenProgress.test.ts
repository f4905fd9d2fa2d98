import * as fc from "fast-check"
import { expect, it } from "vitest"
import {
  type Unwritten,
  UnwrittenProgress,
} from "../../../src/actors/subscription/UnwrittenProgress.js"
import { reasonOf, Sequence } from "../../../src/domain/index.js"
import { plainDeferral } from "../../laws/LawRecords.js"

const reason = reasonOf("busy")

it("loses no fact and brings none back, whatever writes fail, also if they were carried out", () => {
  const sequence = fc.nat(5)
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ defer: sequence }) },
    { weight: 3, arbitrary: fc.record({ settle: sequence }) },
    { weight: 1, arbitrary: fc.record({ bury: sequence }) },
    { weight: 2, arbitrary: fc.constant("take" as const) },
    {
      weight: 2,
      arbitrary: fc.constantFrom("done" as const, "failed" as const, "unknown" as const),
    },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const unwritten = new UnwrittenProgress()
      const truth = { deferrals: new Map<number, number>(), dead: new Set<string>() }
      const store = { deferrals: new Map<number, number>(), dead: new Set<string>() }
      let writing: Unwritten | undefined
      let count = 0
      const apply = ({ deferred, settled, dead }: Unwritten) => {
        for (const { sequence, attempts } of deferred) store.deferrals.set(sequence, attempts)
        for (const sequence of settled) store.deferrals.delete(sequence)
        for (const { id } of dead) store.dead.add(id)
      }
      const end = (how: "done" | "failed" | "unknown") => {
        if (writing === undefined) return
        if (how !== "failed") apply(writing)
        if (how !== "done") unwritten.restore(writing)
        writing = undefined
      }
      for (const step of steps) {
        count++
        if (step === "take") writing ??= unwritten.take()
        else if (typeof step === "string") end(step)
        else if ("defer" in step) {
          unwritten.defer({ ...plainDeferral(step.defer), attempts: count })
          truth.deferrals.set(step.defer, count)
        } else if ("settle" in step) {
          unwritten.settle(Sequence.make(step.settle))
          truth.deferrals.delete(step.settle)
        } else {
          const id = `d${count}`
          const sequence = Sequence.make(step.bury)
          const dead = { firstAttemptAt: 1, deadAt: 1, attempts: 1, json: "{}", acceptedAt: 1 }
          unwritten.bury({ ...dead, id, sequence, reason: { _tag: "Rejected", reason } })
          truth.dead.add(id)
        }
      }
      end("failed")
      apply(unwritten.take())
      expect(store).toEqual(truth)
    }),
    { numRuns: 1_000 },
  )
})

it("writes that a dead letter is tried again on its own, never with another fact of its event", () => {
  const unwritten = new UnwrittenProgress()
  const sequence = Sequence.make(3)
  const deferral = plainDeferral(sequence)
  const redelivery = { deadLetter: "d", deferral }
  unwritten.settle(sequence)
  unwritten.redeliver(redelivery)
  expect(unwritten.take()).toMatchObject({ settled: [sequence], redelivered: [] })
  const second = unwritten.take()
  expect(second).toMatchObject({ settled: [], redelivered: [redelivery] })
  unwritten.restore(second)
  expect(unwritten.take().redelivered).toEqual([redelivery])
  expect(unwritten.take().redelivered).toEqual([])
})

it("never writes a dead letter and that it is tried again at once", () => {
  const unwritten = new UnwrittenProgress()
  const sequence = Sequence.make(3)
  const deadLetter = "d"
  const redelivery = { deadLetter, deferral: plainDeferral(sequence) }
  const dead = { firstAttemptAt: 1, deadAt: 1, attempts: 1, json: "{}", acceptedAt: 1 }
  unwritten.bury({ ...dead, id: deadLetter, sequence, reason: { _tag: "Rejected", reason } })
  unwritten.redeliver(redelivery)
  expect(unwritten.take()).toMatchObject({ dead: [{ id: deadLetter }], redelivered: [] })
  expect(unwritten.holdsBack).toBe(true)
  expect(unwritten.take()).toMatchObject({ dead: [], redelivered: [redelivery] })
})
