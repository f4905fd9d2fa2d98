import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { type Alert, alertCause, AlertDigest } from "../../../src/domain/index.js"

const interval = 1_000

const failed = (source: number, reason = "out"): Alert => ({
  _tag: "SourceFailed",
  source: `s${source}`,
  reason,
})

const steps = fc.array(
  fc.oneof(
    fc.record({ source: fc.nat(3), later: fc.constant(0) }),
    fc.record({ source: fc.nat(3), later: fc.nat(700) }),
    fc.record({ source: fc.constant(undefined), later: fc.nat(1_500) }),
  ),
  { maxLength: 60 },
)

describe("AlertDigest", () => {
  it("tells of every alert, in a count at least, and of a cause at most once an interval", () => {
    fc.assert(
      fc.property(steps, (script) => {
        const digest = new AlertDigest(interval, alertCause)
        const raised = new Map<string, number>()
        const told = new Map<string, Array<{ readonly at: number; readonly count: number }>>()
        let now = 0
        const tell = ({ alert, count }: { readonly alert: Alert; readonly count: number }) => {
          if (alert._tag !== "SourceFailed") throw new Error("not what was raised")
          told.set(alert.source, [...(told.get(alert.source) ?? []), { at: now, count }])
        }
        const look = () => digest.due(now).forEach(tell)
        for (const { source, later } of script) {
          now += later
          look()
          if (source === undefined) continue
          raised.set(`s${source}`, (raised.get(`s${source}`) ?? 0) + 1)
          const report = digest.raise(failed(source), now)
          if (report !== undefined) tell(report)
        }
        for (let rest = digest.nextDue; rest !== undefined; rest = digest.nextDue) {
          now = Math.max(now, rest)
          look()
        }
        for (const [source, times] of raised) {
          const reports = told.get(source) ?? []
          expect(reports.reduce((sum, { count }) => sum + count, 0)).toBe(times)
          reports.forEach(({ at }, index) => {
            const before = reports[index - 1]
            if (before !== undefined) expect(at - before.at).toBeGreaterThanOrEqual(interval)
          })
        }
      }),
    )
  })

  it("tells of the first at once, and of the last of those that follow", () => {
    const digest = new AlertDigest(interval, alertCause)
    expect(digest.raise(failed(1, "first"), 0)).toMatchObject({ count: 1, since: 0 })
    expect(digest.raise(failed(1, "second"), 10)).toBeUndefined()
    expect(digest.raise(failed(1, "third"), 20)).toBeUndefined()
    expect(digest.due(999)).toEqual([])
    expect(digest.due(1_000)).toEqual([{ alert: failed(1, "third"), count: 2, since: 10 }])
  })

  it("is not silenced by a clock that is set back", () => {
    const digest = new AlertDigest(interval, alertCause)
    expect(digest.raise(failed(1), 100_000)).toBeDefined()
    expect(digest.raise(failed(1), 5)).toBeDefined()
  })

  it("remembers no more causes than it may", () => {
    const digest = new AlertDigest(interval, alertCause)
    for (let source = 0; source < 5_000; source++) digest.raise(failed(source), 0)
    expect(digest.raise(failed(4_999), 1)).toBeUndefined()
    expect(digest.raise(failed(0), 1)).toBeDefined()
  })
})
