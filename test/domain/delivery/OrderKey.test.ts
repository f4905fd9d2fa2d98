import { Option } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { orderKey } from "../../../src/domain/delivery/index.js"

const text = fc.string({ minLength: 1 })

describe("orderKey", () => {
  it("is the partition key before the subject", () => {
    fc.assert(
      fc.property(text, text, (partitionkey, subject) => {
        expect(orderKey({ partitionkey, subject })).toEqual(Option.some(partitionkey))
        expect(orderKey({ subject })).toEqual(Option.some(subject))
      }),
    )
  })

  it("is never empty, and never anything but text", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (partitionkey, subject) => {
        const key = Option.getOrUndefined(orderKey({ partitionkey, subject }))
        if (key !== undefined) expect([partitionkey, subject]).toContain(key)
        expect(key).not.toBe("")
      }),
    )
  })

  it.each([
    [{}],
    [{ subject: "" }],
    [{ partitionkey: "", subject: undefined }],
    [{ partitionkey: 7 }],
  ])("%j has none", (attributes) => {
    expect(orderKey(attributes)).toEqual(Option.none())
  })
})
