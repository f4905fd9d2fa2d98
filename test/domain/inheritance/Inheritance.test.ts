import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  mergeSettings,
  originOf,
  type Overrides,
  overlaySettings,
  type UnitTable,
} from "../../../src/domain/inheritance/index.js"

interface Settings {
  readonly pushUrl?: string
  readonly pushSecret?: string
  readonly hookUrl?: string
  readonly hookSecret?: string
  readonly hookHeader?: string
  readonly retention?: string
}

const units: UnitTable<Settings> = {
  pushUrl: "push",
  pushSecret: "push",
  hookUrl: "hook",
  hookSecret: "hook",
  hookHeader: "hook",
  retention: "retention",
}
const fields = Object.keys(units) as Array<keyof Settings>

/** A level whose values carry the name of whoever set them. */
const levelOf = (owner: string): fc.Arbitrary<Overrides<Settings>> => {
  const value = fc.oneof(
    fc.string({ maxLength: 3 }).map((text) => `${owner}:${text}`),
    fc.constant(null),
    fc.constant(undefined),
  )
  const entries = Object.fromEntries(fields.map((field) => [field, value]))
  return fc.record(entries, { requiredKeys: [] })
}

const operator = levelOf("operator")
const tenant = levelOf("tenant")
const ownerOf = (value: string | undefined) => value?.split(":")[0]

describe("mergeSettings", () => {
  it("never mixes the owners of a unit: no operator's secret beside a tenant's URL", () => {
    fc.assert(
      fc.property(operator, tenant, (defaults, overrides) => {
        const merged = mergeSettings(units, defaults, overrides)
        for (const unit of new Set(Object.values(units))) {
          const owners = fields
            .filter((field) => units[field] === unit && merged[field] !== undefined)
            .map((field) => ownerOf(merged[field]))
          expect(new Set(owners).size).toBeLessThanOrEqual(1)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it("gives each unit whole from the override that speaks of it, else whole from the default", () => {
    fc.assert(
      fc.property(operator, tenant, (defaults, overrides) => {
        const merged = mergeSettings(units, defaults, overrides)
        for (const field of fields) {
          const spoken = fields.some(
            (other) => units[other] === units[field] && overrides[other] !== undefined,
          )
          expect(merged[field]).toBe((spoken ? overrides : defaults)[field] ?? undefined)
          expect(originOf(units, defaults, overrides, field) === "override").toBe(spoken)
        }
      }),
    )
  })

  it("holds neither null nor undefined", () => {
    fc.assert(
      fc.property(operator, tenant, (defaults, overrides) => {
        const values = Object.values(mergeSettings(units, defaults, overrides))
        expect(values.every((value) => typeof value === "string")).toBe(true)
      }),
    )
  })

  it("clears a unit with one explicit null", () => {
    const defaults = { pushUrl: "https://push.example", pushSecret: "s", retention: "1d" }
    expect(mergeSettings(units, defaults, { pushSecret: null })).toEqual({ retention: "1d" })
    expect(mergeSettings(units, defaults, { pushUrl: "https://tenant.example" })).toEqual({
      pushUrl: "https://tenant.example",
      retention: "1d",
    })
    expect(mergeSettings(units, defaults, { pushUrl: undefined })).toEqual(defaults)
  })

  it("reads own fields only, and none that the table does not name", () => {
    const hostile: object = JSON.parse('{"__proto__":{"pushUrl":"https://evil.example"},"other":1}')
    expect(mergeSettings(units, {}, hostile)).toEqual({})
    const inherited: Overrides<Settings> = Object.create({ pushUrl: "https://evil.example" })
    expect(mergeSettings(units, {}, inherited)).toEqual({})
  })
})

describe("overlaySettings", () => {
  it("is associative and idempotent, with nothing as its neutral element", () => {
    const over = (lower: Overrides<Settings>, upper: Overrides<Settings>) =>
      overlaySettings(units, lower, upper)
    fc.assert(
      fc.property(operator, tenant, levelOf("third"), (a, b, c) => {
        expect(over(over(a, b), c)).toEqual(over(a, over(b, c)))
        expect(over(a, a)).toEqual(over({}, a))
        expect(over(over({}, a), {})).toEqual(over({}, a))
      }),
    )
  })

  it("composes with merging: one level after the other, or both at once", () => {
    fc.assert(
      fc.property(operator, tenant, levelOf("third"), (a, b, c) => {
        const stepwise = mergeSettings(units, mergeSettings(units, a, b), c)
        expect(stepwise).toEqual(mergeSettings(units, a, overlaySettings(units, b, c)))
      }),
    )
  })
})

describe("originOf", () => {
  it("tells default, override and unset apart", () => {
    const defaults = { hookUrl: "https://hook.example" }
    expect(originOf(units, defaults, {}, "hookSecret")).toBe("default")
    expect(originOf(units, defaults, { hookHeader: null }, "hookUrl")).toBe("override")
    expect(originOf(units, defaults, {}, "retention")).toBe("unset")
  })
})
