import { describe, expect, it } from "@effect/vitest"
import { chosenAdapters, storeAdapters } from "./registry.js"

const names = (filter: string | undefined) => chosenAdapters(filter).map(([name]) => name)

describe("the registry of store adapters", () => {
  it("gives all adapters without a filter", () => {
    expect(names("")).toEqual(Object.keys(storeAdapters))
    expect(names(" , ")).toEqual(Object.keys(storeAdapters))
  })

  it("gives the adapters that the filter names", () => {
    expect(names("memory")).toEqual(["memory"])
  })

  it.each(["mongo", "memory,mongo", "toString", "Memory"])("throws on %s", (filter) => {
    expect(() => chosenAdapters(filter)).toThrow(/is no store adapter\. Known: memory/)
  })
})
