import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { RoutingTable, TypePattern } from "../../../src/domain/routing/index.js"
import { naiveMatches, patternArbitrary, typeArbitrary } from "./NaiveMatcher.js"

const patterns = (...texts: ReadonlyArray<string>) => texts.map((text) => TypePattern.make(text))

/** The table said plainly: ids in order of arrival, each with its patterns. */
type Model = Map<number, ReadonlyArray<TypePattern>>
interface Real {
  readonly table: RoutingTable<number>
}
type RoutingCommand = fc.Command<Model, Real>

const expected = (model: Model, type: string): ReadonlyArray<number> =>
  [...model].filter(([, list]) => list.some((one) => naiveMatches(one, type))).map(([id]) => id)

const add = (id: number, list: ReadonlyArray<TypePattern>): RoutingCommand => ({
  check: () => true,
  run: (model, { table }) => {
    table.add(id, list)
    model.set(id, list)
    expect(table.size).toBe(model.size)
    expect(table.patterns(id)).toEqual([...new Set(list)])
  },
  toString: () => `add(${id}, ${JSON.stringify(list)})`,
})

const remove = (id: number): RoutingCommand => ({
  check: () => true,
  run: (model, { table }) => {
    expect(table.remove(id)).toBe(model.delete(id))
    expect(table.has(id)).toBe(false)
  },
  toString: () => `remove(${id})`,
})

const match = (type: string): RoutingCommand => ({
  check: () => true,
  run: (model, { table }) => {
    expect(table.match(type)).toEqual(expected(model, type))
  },
  toString: () => `match(${type})`,
})

const id = fc.integer({ min: 0, max: 7 })
const commands = fc.commands(
  [
    fc.tuple(id, fc.array(patternArbitrary, { maxLength: 3 })).map(([id, list]) => add(id, list)),
    id.map(remove),
    typeArbitrary.map(match),
    typeArbitrary.map(match),
  ],
  { maxCommands: 60 },
)

describe("RoutingTable", () => {
  it.each([
    ["a roomy cache", {}],
    ["a cache that overflows", { types: 4, ids: 6 }],
    ["no cache", { types: 0 }],
  ])("agrees with the naive matcher under any interleaving, with %s", (_, limits) => {
    fc.assert(
      fc.property(commands, (run) => {
        fc.modelRun(() => ({ model: new Map(), real: { table: new RoutingTable(limits) } }), run)
      }),
      { numRuns: 300 },
    )
  })

  it("agrees with the naive matcher when it is crowded", () => {
    const name = fc.array(fc.constantFrom("a", "b", "*"), { minLength: 1, maxLength: 4 })
    const crowd = fc.array(name, { minLength: 40, maxLength: 80 })
    fc.assert(
      fc.property(crowd, (names) => {
        const table = new RoutingTable<number>()
        const model: Model = new Map()
        names.forEach((segments, id) => {
          const list = patterns(segments.join("."))
          table.add(id, list)
          model.set(id, list)
        })
        for (const type of ["a", "b", "a.b", "b.a", "a.a.b", "a.b.b", "b.a.a.b", "a.b.a.b.a"])
          expect(table.match(type)).toEqual(expected(model, type))
      }),
    )
  })

  it("keeps hundreds of matches in order of arrival", () => {
    const table = new RoutingTable<number>()
    const ids = Array.from({ length: 300 }, (_, id) => id)
    for (const id of ids) table.add(id, patterns(["*", "a.*", "a.b", "*.b"][id % 4] ?? ""))
    expect(table.match("a.b")).toEqual(ids)
  })

  it("keeps the cache within its limits whatever the types", () => {
    fc.assert(
      fc.property(
        fc.array(typeArbitrary, { maxLength: 200 }),
        fc.integer({ min: 0, max: 20 }),
        (types, limit) => {
          const table = new RoutingTable<number>({ types: limit, ids: limit, typeLength: 8 })
          for (let n = 0; n < 3; n++) table.add(n, patterns("*"))
          for (const type of types) {
            table.match(type)
            expect(table.cached.types).toBeLessThanOrEqual(limit)
            expect(table.cached.ids).toBeLessThanOrEqual(limit)
          }
        },
      ),
    )
  })

  it("does not remember types that are too long", () => {
    const table = new RoutingTable<number>({ typeLength: 3 })
    table.add(1, patterns("*"))
    expect(table.match("long")).toEqual([1])
    expect(table.cached.types).toBe(0)
  })

  it("keeps a type in use in the cache while a flood of others passes", () => {
    const table = new RoutingTable<number>({ types: 10 })
    table.add(1, patterns("*"))
    const kept = table.match("hot")
    for (let n = 0; n < 1_000; n++) {
      table.match(`cold.${n}`)
      expect(table.match("hot")).toBe(kept)
    }
  })

  it("remembers few types while none comes back, and finds out when one does", () => {
    const table = new RoutingTable<number>({ types: 10 })
    table.add(1, patterns("*"))
    for (let n = 0; n < 3_000; n++) table.match(`once.${n}`)
    const remembered = (type: string) => table.match(type) === table.match(type)
    const types = Array.from({ length: 8 }, (_, n) => `twice.${n}`)
    expect(types.filter(remembered).length).toBeLessThanOrEqual(2)
    for (let n = 0; n < 50_000; n++) table.match("often")
    expect(remembered("often")).toBe(true)
    expect(remembered("late")).toBe(true)
  })

  it("forgets only the type itself when a plain pattern comes or goes", () => {
    const table = new RoutingTable<number>()
    table.add(1, patterns("*"))
    const kept = table.match("a.b")
    table.match("a.c")
    table.add(2, patterns("a.c"))
    expect(table.match("a.b")).toBe(kept)
    expect(table.match("a.c")).toEqual([1, 2])
    table.remove(2)
    expect(table.match("a.b")).toBe(kept)
    expect(table.match("a.c")).toEqual([1])
  })

  it("lists an id once however many of its patterns match, in order of arrival", () => {
    const table = new RoutingTable<string>()
    table.add("z", patterns("*", "a.*", "a.b", "*.b"))
    table.add("a", patterns("a.b"))
    table.add("m", patterns("*.*"))
    expect(table.match("a.b")).toEqual(["z", "a", "m"])
  })

  it("keeps the place of an id whose patterns change", () => {
    const table = new RoutingTable<string>()
    table.add("first", patterns("x"))
    table.add("second", patterns("*"))
    table.add("first", patterns("*"))
    expect(table.match("a")).toEqual(["first", "second"])
  })

  it("withdraws an id whose patterns changed, in any order", () => {
    const ids = [0, 1, 2, 3, 4]
    const order = fc.shuffledSubarray(ids, { minLength: ids.length })
    fc.assert(
      fc.property(order, order, (changed, removed) => {
        const table = new RoutingTable<number>()
        for (const id of [...ids, ...changed]) table.add(id, patterns("a", "*.a"))
        const left = new Set(ids)
        for (const id of removed) {
          table.remove(id)
          left.delete(id)
          expect(table.match("a")).toEqual([...left])
          expect(table.match("b.a")).toEqual([...left])
        }
      }),
    )
  })

  it("forgets a type in whichever generation of the cache it is", () => {
    const table = new RoutingTable<number>({ types: 2 })
    table.match("old")
    table.match("young")
    table.add(1, patterns("old", "young"))
    expect([table.match("old"), table.match("young")]).toEqual([[1], [1]])
  })

  it("withdraws whole: a table emptied of everything matches nothing and caches afresh", () => {
    fc.assert(
      fc.property(fc.array(patternArbitrary, { maxLength: 30 }), typeArbitrary, (list, type) => {
        const table = new RoutingTable<number>()
        list.forEach((pattern, index) => table.add(index, [pattern]))
        table.match(type)
        list.forEach((_, index) => table.remove(index))
        expect(table.size).toBe(0)
        expect(table.nodes).toBe(1)
        expect(table.match(type)).toEqual([])
      }),
    )
  })

  it("reads a hostile type only as deep as its patterns reach", () => {
    const table = new RoutingTable<number>()
    table.add(1, patterns("a.*"))
    expect(table.match("a.".repeat(500_000))).toEqual([1])
    expect(table.cached.types).toBe(0)
  })
})
