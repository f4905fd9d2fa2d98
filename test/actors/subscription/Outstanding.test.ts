import * as fc from "fast-check"
import { expect, it } from "vitest"
import { Outstanding } from "../../../src/actors/subscription/Outstanding.js"
import { AckedRanges } from "../../../src/domain/index.js"

it("knows the floor and what is passed above it, as a set of sequences does", () => {
  const steps = fc.array(
    fc.oneof(fc.constant("admit" as const), fc.constant("skip" as const), fc.nat(20)),
  )
  fc.assert(
    fc.property(steps, (steps) => {
      const outstanding = new Outstanding()
      const places: Array<ReturnType<Outstanding["admit"]>> = []
      const open = new Set<number>()
      let scanned = 0
      for (const step of steps) {
        if (step === "admit") {
          places.push(outstanding.admit(++scanned))
          open.add(scanned)
        } else if (step === "skip") scanned++
        else {
          const place = places[step]
          if (place === undefined) continue
          outstanding.pass(place)
          open.delete(place.sequence)
        }
        const floor = Math.min(scanned, ...[...open].map((sequence) => sequence - 1))
        expect(outstanding.floor(scanned)).toBe(floor)
        const acked = outstanding.acknowledged(scanned, new AckedRanges(0))
        for (const { sequence } of places)
          expect(acked.isAcknowledged(sequence)).toBe(!open.has(sequence))
        expect(outstanding.size === 0).toBe(open.size === 0)
      }
    }),
  )
})
