import { Either } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  CloudEvent,
  coreAttributes,
  defaultEventLimits,
  encodeBatch,
  encodeStructured,
  encodeWithin,
  eventFromJson,
  eventsFromJson,
  fromTrustedJson,
} from "../../../src/domain/event/index.js"
import { isDeeperThan, utf8LengthAbove } from "../../../src/domain/event/JsonText.js"
import * as arb from "./EventArbitraries.js"

const head = `"specversion":"1.0","id":"1","source":"/","type":"t"`
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth)
const withData = (data: string) => `{${head},"data":${data}}`

const problem = <E>(result: Either.Either<unknown, E>) =>
  Either.match(result, { onLeft: (left) => left, onRight: () => undefined })

describe("the JSON format", () => {
  it("reads what it writes, whatever the order, and writes it the same again", () => {
    fc.assert(
      fc.property(arb.event, fc.nat(), (event, turn) => {
        const text = encodeStructured(event)
        expect(encodeStructured(Either.getOrThrow(eventFromJson(text)))).toBe(text)
        expect(encodeStructured(fromTrustedJson(text))).toBe(text)
        const entries = Object.entries(event)
        const cut = turn % entries.length
        const turned = JSON.stringify(
          Object.fromEntries([...entries.slice(cut), ...entries.slice(0, cut)]),
        )
        expect(Either.getOrThrow(eventFromJson(turned))).toEqual(event)
      }),
    )
  })

  it("writes context attributes, then extensions, then data", () => {
    const event = Either.getOrThrow(
      eventFromJson(
        `{"data":1,"b":1,"type":"t","a":2,"subject":"s","id":"1","source":"/","specversion":"1.0"}`,
      ),
    )
    expect(encodeStructured(event)).toBe(
      `{"specversion":"1.0","id":"1","source":"/","type":"t","subject":"s","b":1,"a":2,"data":1}`,
    )
    const order = Object.keys(event).filter((name) => coreAttributes.some((core) => core === name))
    expect(order).toEqual(coreAttributes.filter((name) => Object.hasOwn(event, name)))
  })

  it("never throws, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json(), fc.stringMatching(/^[[\]{}",:\\1 ]*$/)),
        (text) => {
          Either.match(eventFromJson(text), {
            onLeft: (left) => expect(left.field).toBeTypeOf("string"),
            onRight: (event) => expect(eventFromJson(encodeStructured(event))).toBeDefined(),
          })
          eventsFromJson(text)
        },
      ),
      { numRuns: 500 },
    )
  })

  it("lets the last of equal names count", () => {
    expect(Either.getOrThrow(eventFromJson(`{${head},"id":"2"}`)).id).toBe("2")
  })

  it("takes huge numbers in data as doubles and not at all in attributes", () => {
    expect(Either.getOrThrow(eventFromJson(withData("123456789012345678901"))).data).toBe(
      123456789012345680000,
    )
    expect(problem(eventFromJson(`{${head},"big":12345678901}`))).toMatchObject({ field: "big" })
    // Beyond a double JSON.parse gives Infinity, which would be written as null.
    expect(problem(eventFromJson(withData('{"a":[1e999]}')))).toMatchObject({ field: "data.a[0]" })
    expect(problem(eventFromJson(`{${head},"big":1e999}`))).toMatchObject({ field: "big" })
  })

  it("names malformed JSON", () => {
    for (const text of ["", "{", "nope", `{${head}} x`, "\u0000", "[1,]"]) {
      expect(problem(eventFromJson(text))).toMatchObject({ _tag: "MalformedJson", field: "body" })
    }
    expect(problem(eventFromJson("[]"))).toMatchObject({ _tag: "InvalidEvent", field: "event" })
  })
})

describe("depth", () => {
  it("is counted as a parser counts it", () => {
    const depthOf = (value: unknown): number =>
      typeof value === "object" && value !== null
        ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
        : 0
    const deep = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: "large" },
        fc.oneof(fc.string(), fc.constantFrom("[", '{"', "\\", '\\"', "]}", '"')),
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("a", "[", '"', "\\"), tie("node"), { maxKeys: 3 }),
      ),
    })).node
    fc.assert(
      fc.property(deep, fc.nat({ max: 6 }), fc.boolean(), (value, limit, indented) => {
        const text = JSON.stringify(value, null, indented ? 2 : 0)
        expect(isDeeperThan(text, limit)).toBe(depthOf(value) > limit)
      }),
      { numRuns: 500 },
    )
  })

  it("is limited in data alike from text and from values", () => {
    const limit = defaultEventLimits.maxDepth
    expect(problem(eventFromJson(withData(nested(limit))))).toBeUndefined()
    expect(problem(eventFromJson(withData(nested(limit + 1))))).toMatchObject({ _tag: "TooDeep" })
    expect(problem(eventsFromJson(`[${withData(nested(limit))}]`))).toBeUndefined()
    expect(problem(eventsFromJson(`[${withData(nested(limit + 1))}]`))).toMatchObject({
      _tag: "TooDeep",
    })
    const make = (depth: number) =>
      CloudEvent.make({ id: "1", source: "/", type: "t", data: JSON.parse(nested(depth)) })
    expect(problem(make(limit))).toBeUndefined()
    expect(problem(make(limit + 1))).toMatchObject({ _tag: "TooDeep", limit })
  })

  it("does not exhaust the stack", () => {
    const limits = { ...defaultEventLimits, maxEventBytes: 1 << 30, maxBatchBytes: 1 << 30 }
    for (const piece of ["[", '{"a":', '[{"a":[']) {
      const text = piece.repeat(10_000_000 / piece.length)
      expect(problem(eventFromJson(text, limits))).toMatchObject({ _tag: "TooDeep" })
      expect(problem(eventsFromJson(text, limits))).toMatchObject({ _tag: "TooDeep" })
    }
    expect(isDeeperThan(`"${"\\".repeat(1_000_000)}${"[".repeat(100)}`, 64)).toBe(false)
  })
})

describe("size", () => {
  it("is that of UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat({ max: 40 }), (text, limit) => {
        const bytes = Buffer.byteLength(text)
        const found = utf8LengthAbove(text, limit)
        expect(found !== undefined).toBe(bytes > limit)
        if (found !== undefined) expect(found).toBeGreaterThan(limit)
      }),
    )
  })

  it("is limited for one event, for each of a batch, and for the batch", () => {
    const limits = {
      ...defaultEventLimits,
      maxEventBytes: 100,
      maxBatchBytes: 400,
      maxBatchEvents: 3,
    }
    const small = `{${head}}`
    const large = withData(`"${"é".repeat(30)}"`)
    expect(problem(eventFromJson(small, limits))).toBeUndefined()
    expect(problem(eventFromJson(large, limits))).toMatchObject({
      _tag: "EventTooLarge",
      limitBytes: 100,
      actualBytes: Buffer.byteLength(large),
    })
    const batch = (...texts: ReadonlyArray<string>) => eventsFromJson(`[${texts.join()}]`, limits)
    expect(problem(batch(small, small, small))).toBeUndefined()
    expect(problem(batch(small, small, small, small))).toMatchObject({
      _tag: "BatchTooLarge",
      unit: "events",
      actual: 4,
    })
    expect(problem(batch(small, large))).toMatchObject({ _tag: "EventTooLarge", index: 1 })
    expect(problem(batch(" ".repeat(500)))).toMatchObject({ _tag: "BatchTooLarge", unit: "bytes" })
    const event = Either.getOrThrow(eventFromJson(large))
    expect(problem(encodeWithin(event, limits))).toMatchObject({ _tag: "EventTooLarge" })
    expect(encodeWithin(event)).toEqual(Either.right(large))
  })
})

describe("the batch format", () => {
  it("reads what it writes", () => {
    fc.assert(
      fc.property(fc.array(arb.event, { maxLength: 5 }), (events) => {
        const text = encodeBatch(events)
        expect(encodeBatch(Either.getOrThrow(eventsFromJson(text)))).toBe(text)
      }),
    )
  })

  it("names the event and the field that is wrong", () => {
    expect(problem(eventsFromJson(`[{${head}},{${head},"id":""}]`))).toMatchObject({
      index: 1,
      field: "id",
      message: "Event 1 of the batch: id must not be empty.",
    })
    expect(problem(eventsFromJson(`[{${head}},1]`))).toMatchObject({ index: 1, field: "event" })
    expect(problem(eventsFromJson(`{${head}}`))).toMatchObject({ field: "batch" })
  })
})
