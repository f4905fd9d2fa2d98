import { Either, JSONSchema, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  attribute,
  CloudEvent,
  CloudEventSchema,
  CloudEventWire,
  coreAttributes,
  defaultEventLimits,
  encodeStructured,
  type EventLimits,
  extension,
  extensions,
  parseCloudEvent,
  partitionKey,
  withExtension,
} from "../../../src/domain/event/index.js"
import * as arb from "./EventArbitraries.js"

const minimal = { specversion: "1.0", id: "1", source: "/shop", type: "order.paid" }

const fault = (value: unknown, limits?: EventLimits) =>
  Either.match(parseCloudEvent(value, limits), {
    onLeft: (problem) => problem,
    onRight: () => undefined,
  })

const accepts = (fields: Record<string, unknown>) => fault({ ...minimal, ...fields }) === undefined

const read = (fields: Record<string, unknown>) =>
  Either.getOrThrow(parseCloudEvent({ ...minimal, ...fields }))

describe("parseCloudEvent", () => {
  it("keeps every valid event as it is", () => {
    fc.assert(
      fc.property(arb.eventRecord, (record) => {
        const event = Either.getOrThrow(parseCloudEvent(record))
        expect({ ...event }).toEqual(record)
        expect(Either.getOrThrow(parseCloudEvent(event))).toEqual(event)
      }),
    )
  })

  it("accepts and rejects what the schema does, and reads the same event", () => {
    const bySchema = Schema.decodeUnknownEither(CloudEventSchema)
    const byWire = Schema.is(CloudEventWire)
    let accepted = 0
    let rejected = 0
    fc.assert(
      fc.property(arb.nearMiss, (value) => {
        const parsed = parseCloudEvent(value)
        expect(byWire(value)).toBe(Either.isRight(parsed))
        const decoded = bySchema(value)
        expect(Either.isRight(decoded)).toBe(Either.isRight(parsed))
        if (Either.isRight(parsed) && Either.isRight(decoded)) {
          expect(encodeStructured(decoded.right)).toBe(encodeStructured(parsed.right))
          accepted++
        } else {
          rejected++
        }
      }),
      { numRuns: 2000 },
    )
    expect(accepted).toBeGreaterThan(200)
    expect(rejected).toBeGreaterThan(200)
  })

  it("answers anything with an event or a problem that names a field", () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), arb.nearMiss), (value) => {
        const problem = fault(value)
        if (problem === undefined) return
        expect(problem.field).toBeTypeOf("string")
        expect(problem.message).toMatch(/^[\x20-\x7e]+$/)
      }),
      { numRuns: 500 },
    )
  })

  it.each(["specversion", "id", "source", "type"])("requires %s", (field) => {
    for (const value of [undefined, null]) {
      expect(fault({ ...minimal, [field]: value })).toMatchObject({ field, reason: "is required" })
    }
    for (const value of ["", 1, {}]) {
      expect(fault({ ...minimal, [field]: value })).toMatchObject({ _tag: "InvalidEvent", field })
    }
  })

  it("takes null for absent", () => {
    const nulls = Object.fromEntries(
      ["subject", "time", "datacontenttype", "dataschema", "data_base64", "ext"].map((n) => [
        n,
        null,
      ]),
    )
    expect({ ...read(nulls) }).toEqual(minimal)
    expect(read({ data: null }).data).toBeNull()
  })

  it("allows either data or data_base64", () => {
    expect(accepts({ data_base64: "Zm9v" })).toBe(true)
    expect(accepts({ data_base64: "Zm9v", data: null })).toBe(true)
    expect(fault({ ...minimal, data: 1, data_base64: "Zm9v" })).toMatchObject({
      field: "data_base64",
    })
    for (const text of ["Zm9", "Zm9v=", "Zm9_", "=", "====", "Zm=v", "Zm9v\n"]) {
      expect(accepts({ data_base64: text })).toBe(false)
    }
  })

  it("holds extension names and values to the type system", () => {
    for (const value of ["", "a b", true, 0, -2147483648])
      expect(accepts({ ext1: value })).toBe(true)
    for (const value of [
      2147483648,
      0.5,
      {},
      [],
      "a\tb",
      "\ud800",
      "\ufffe",
      "\u{1ffff}",
      "\x9f",
    ]) {
      expect(fault({ ...minimal, ext1: value })).toMatchObject({ field: "ext1" })
    }
    for (const name of ["Ext", "a_b", "a-b", "", "é"]) {
      expect(fault({ ...minimal, [name]: "x" })).toMatchObject({ field: name })
    }
    expect(accepts({ ["x".repeat(64)]: "" })).toBe(true)
    expect(accepts({ ["x".repeat(65)]: "" })).toBe(false)
  })

  it("does not repeat a long name of the sender in full", () => {
    const long = "X".repeat(100_000)
    for (const problem of [
      fault({ ...minimal, [long]: 1 }),
      fault({ ...minimal, data: { [long]: 1n } }),
    ]) {
      expect(problem?.field.length).toBeLessThan(140)
    }
  })

  it("gives a name of __proto__ no power", () => {
    const hostile: unknown = JSON.parse(
      `{"specversion":"1.0","id":"1","source":"/","type":"t","__proto__":{"admin":true}}`,
    )
    expect(fault(hostile)).toMatchObject({ field: "__proto__" })
    const inData: unknown = JSON.parse(
      `{"specversion":"1.0","id":"1","source":"/","type":"t","data":{"__proto__":{"admin":true}}}`,
    )
    const event = Either.getOrThrow(parseCloudEvent(inData))
    expect(encodeStructured(event)).toContain(`{"__proto__":{"admin":true}}`)
    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false)
  })

  it("rejects data that JSON would change, naming the place", () => {
    const of = (data: unknown) => fault({ ...minimal, data })
    expect(of({ order: { lines: [1, Number.NaN] } })).toMatchObject({
      field: "data.order.lines[1]",
    })
    expect(of({ at: new Date(0) })).toMatchObject({ field: "data.at" })
    expect(of(new Map())).toMatchObject({ field: "data" })
    expect(of([undefined])).toMatchObject({ field: "data[0]" })
    expect(of({ big: 1n })).toMatchObject({ field: "data.big" })
    expect(of({ optional: undefined })).toBeUndefined()
  })

  it("stops at cycles and at structures that would be enormous when written", () => {
    const cyclic: Record<string, unknown> = {}
    cyclic["self"] = cyclic
    expect(fault({ ...minimal, data: cyclic })).toMatchObject({ _tag: "TooDeep", field: "data" })
    let doubling: unknown = "x"
    for (let i = 0; i < 60; i++) doubling = [doubling, doubling]
    expect(fault({ ...minimal, data: doubling })).toMatchObject({ _tag: "EventTooLarge" })
  })

  it("holds to its limits", () => {
    const limits = { ...defaultEventLimits, maxAttributes: 5, maxDepth: 2, maxAttributeLength: 10 }
    const of = (fields: Record<string, unknown>) => fault({ ...minimal, ...fields }, limits)
    expect(of({ a: 1, data: [[]] })).toBeUndefined()
    expect(of({ a: 1, b: 2 })).toMatchObject({ field: "event" })
    expect(of({ data: [[[]]] })).toMatchObject({ _tag: "TooDeep", limit: 2 })
    expect(of({ subject: "x".repeat(11) })).toMatchObject({ field: "subject" })
  })
})

describe("CloudEvent.make", () => {
  it("sets the version and leaves out what is undefined", () => {
    const event = Either.getOrThrow(
      CloudEvent.make({ id: "1", source: "/shop", type: "order.paid", subject: undefined }),
    )
    expect({ ...event }).toStrictEqual(minimal)
  })
})

describe("attributes by name", () => {
  it("reads extensions and never what the specification names", () => {
    fc.assert(
      fc.property(arb.event, (event) => {
        for (const [name, value] of extensions(event)) {
          expect(extension(event, name)).toBe(value)
          expect(attribute(event, name)).toBe(value)
        }
        for (const name of coreAttributes) {
          expect(extension(event, name)).toBeUndefined()
          expect(attribute(event, name)).toBe(event[name])
        }
        expect(attribute(event, "data")).toBeUndefined()
      }),
    )
    expect(extension(read({}), "constructor")).toBeUndefined()
    expect(extension(read({ constructor: "x" }), "constructor")).toBe("x")
  })

  it("sets and removes an extension without touching the rest", () => {
    fc.assert(
      fc.property(arb.event, arb.attributeText, (event, text) => {
        const changed = Either.getOrThrow(withExtension(event, "zzz", text))
        expect(extension(changed, "zzz")).toBe(text)
        const removed = Either.getOrThrow(withExtension(changed, "zzz", undefined))
        const expected = Either.getOrThrow(withExtension(event, "zzz", undefined))
        expect(encodeStructured(removed)).toBe(encodeStructured(expected))
      }),
    )
    expect(Either.isLeft(withExtension(read({}), "type", "x"))).toBe(true)
    expect(Either.isLeft(withExtension(read({}), "data", "x"))).toBe(true)
    expect(Either.isLeft(withExtension(read({}), "Bad", "x"))).toBe(true)
    expect(Either.isLeft(withExtension(read({}), "ok", 0.5))).toBe(true)
  })

  it("reads the partition key", () => {
    expect(partitionKey(read({ partitionkey: "a" }))).toBe("a")
    expect(partitionKey(read({ partitionkey: "" }))).toBeUndefined()
    expect(partitionKey(read({}))).toBeUndefined()
  })
})

describe("CloudEventSchema", () => {
  it("documents every attribute of the specification", () => {
    const documented = JSON.stringify(JSONSchema.make(CloudEventSchema))
    for (const name of [...coreAttributes, "data", "data_base64"]) {
      expect(documented).toContain(`"${name}":{`)
    }
  })

  it("encodes an event as it is", () => {
    fc.assert(
      fc.property(arb.event, (event) => {
        expect(Schema.encodeSync(CloudEventSchema)(event)).toEqual({ ...event })
      }),
      { numRuns: 50 },
    )
  })
})
