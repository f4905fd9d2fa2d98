import { describe, expect, it } from "@effect/vitest"
import { PreparedStatements } from "../../../src/layers/stores/sql/PreparedStatements.js"

const times = (count: number, run: () => string | undefined) =>
  Array.from({ length: count }, () => run())

describe("PreparedStatements", () => {
  it("names a text that comes again, the same from then on", () => {
    const statements = new PreparedStatements()
    const names = times(8, () => statements.nameOf("select $1"))
    expect(names.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined])
    expect(new Set(names.slice(4))).toEqual(new Set(["eventloom_1"]))
    times(8, () => statements.nameOf("select $2"))
    expect(statements.nameOf("select $2")).toBe("eventloom_2")
    expect(statements.nameOf("select $1")).toBe("eventloom_1")
  })

  it("prepares no more than so many, whatever comes", () => {
    const statements = new PreparedStatements()
    const names = Array.from({ length: 1_000 }, (_, index) =>
      times(6, () => statements.nameOf(`select ${index}`)).at(-1),
    )
    expect(names.filter((name) => name !== undefined)).toHaveLength(32)
  })

  it("prepares nothing that does not come again", () => {
    const statements = new PreparedStatements()
    const names = Array.from({ length: 5_000 }, (_, index) => statements.nameOf(`select ${index}`))
    expect(names.every((name) => name === undefined)).toBe(true)
  })
})
