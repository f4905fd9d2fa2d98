import { Either } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  batchContentType,
  CloudEvent,
  decodeHttp,
  decodeHeaderValue,
  defaultEventLimits,
  encodeBatch,
  encodeBinary,
  encodeHeaderValue,
  encodeStructured,
  extensions,
  type HttpMessage,
  structuredContentType,
} from "../../../src/domain/event/index.js"
import * as arb from "./EventArbitraries.js"

const bytes = (text: string) => new TextEncoder().encode(text)

const problem = <E>(result: Either.Either<unknown, E>) =>
  Either.match(result, { onLeft: (left) => left, onRight: () => undefined })

const one = (message: HttpMessage) => {
  const { events } = Either.getOrThrow(decodeHttp(message))
  expect(events).toHaveLength(1)
  return events[0]
}

const attributes = {
  "ce-specversion": "1.0",
  "ce-id": "1",
  "ce-source": "/shop",
  "ce-type": "order.paid",
}

const binary = (headers: Record<string, string>, body: Uint8Array | string = "") =>
  decodeHttp({ headers: { ...attributes, ...headers }, body })

const binaryEvent = (headers: Record<string, string>, body: Uint8Array | string = "") =>
  one({ headers: { ...attributes, ...headers }, body })

const structured = (contentType: string, body: Uint8Array | string) =>
  decodeHttp({ headers: { "content-type": contentType }, body })

const minimal = `{"specversion":"1.0","id":"1","source":"/","type":"t"}`

/** What binary mode keeps of an event: extensions as text, and a content type for JSON data. */
const asBinaryKeeps = (event: CloudEvent) => {
  const { data, data_base64: base64, ...context } = event
  const texts = extensions(event).map(([name, value]) => [name, String(value)])
  const type =
    data === undefined || event.datacontenttype !== undefined
      ? {}
      : { datacontenttype: "application/json" }
  const payload =
    base64 === undefined ? (data === undefined ? {} : { data }) : { data_base64: base64 }
  return { ...context, ...Object.fromEntries(texts), ...type, ...payload }
}

describe("round trips", () => {
  it("structured, as text and as bytes", () => {
    fc.assert(
      fc.property(arb.event, (event) => {
        const body = encodeStructured(event)
        const headers = { "content-type": structuredContentType }
        expect(one({ headers, body })).toEqual(event)
        expect(one({ headers, body: bytes(body) })).toEqual(event)
      }),
    )
  })

  it("batch", () => {
    fc.assert(
      fc.property(fc.array(arb.event, { maxLength: 4 }), (events) => {
        const headers = { "content-type": batchContentType }
        const decoded = decodeHttp({ headers, body: bytes(encodeBatch(events)) })
        expect(Either.getOrThrow(decoded)).toEqual({ mode: "batch", events, mended: [] })
      }),
    )
  })

  it("binary, with the body as given and as bytes", () => {
    fc.assert(
      fc.property(arb.event, (event) => {
        const message = encodeBinary(event)
        const { body } = message
        const sent = { ...message, body: typeof body === "string" ? bytes(body) : body }
        expect({ ...one(message) }).toEqual(asBinaryKeeps(event))
        expect({ ...one(sent) }).toEqual(asBinaryKeeps(event))
        expect(encodeBinary(one(sent) ?? event).headers).toEqual(message.headers)
      }),
      { numRuns: 300 },
    )
  })

  it("binary of any event, also where content type and data disagree, never changes who it is", () => {
    const contentType = fc.constantFrom(
      structuredContentType,
      "Application/CloudEvents-Batch+json",
      "text/plain; charset=iso-8859-1",
      "application/json; charset=utf-16",
      "text/plain",
      "application/octet-stream",
      "application/json",
    )
    fc.assert(
      fc.property(arb.eventRecord, contentType, (record, datacontenttype) => {
        const { data_base64: _, ...rest } = record
        const event = Either.getOrThrow(
          CloudEvent.make({ ...rest, id: "1", source: "/", type: "t", datacontenttype }),
        )
        expect(one(encodeBinary(event))).toMatchObject({ id: "1", source: "/", datacontenttype })
      }),
    )
  })
})

describe("decodeHttp", () => {
  it("never throws, whatever the message", () => {
    const contentType = fc.oneof(
      fc.constantFrom(
        structuredContentType,
        batchContentType,
        "application/json",
        "text/plain",
        "x",
      ),
      fc.string(),
    )
    const header = fc.oneof(
      fc.constantFrom("ce-id", "ce-source", "ce-type", "ce-specversion", "ce-time", "ce-__proto__"),
      fc.string().map((name) => `ce-${name}`),
    )
    const body = fc.oneof(fc.uint8Array(), fc.string({ unit: "binary" }), fc.json().map(bytes))
    fc.assert(
      fc.property(
        fc.option(contentType, { nil: undefined }),
        fc.dictionary(header, fc.oneof(fc.string({ unit: "binary" }), fc.array(fc.string()))),
        body,
        fc.boolean(),
        (type, headers, body, lenient) => {
          const message = { headers: { ...headers, "content-type": type }, body }
          const options = lenient
            ? { mend: { id: () => "1", time: () => "2024-01-01T00:00:00Z" } }
            : {}
          const failed = problem(decodeHttp(message, options))
          if (failed === undefined) return
          expect(failed.field).toBeTypeOf("string")
          expect(failed.message).toMatch(/^[\x20-\x7e]+$/)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it("takes the mode from the content type, whatever its case", () => {
    const mode = (type: string, body: string) => Either.getOrThrow(structured(type, body)).mode
    expect(mode("Application/CloudEvents+JSON", minimal)).toBe("structured")
    expect(mode('application/cloudevents+json; charset="UTF-8"', minimal)).toBe("structured")
    expect(mode("APPLICATION/cloudevents-batch+json;charset=utf-8", "[]")).toBe("batch")
    expect(Either.getOrThrow(binary({})).mode).toBe("binary")
  })

  it.each([
    "application/cloudevents",
    "application/cloudevents+xml",
    "application/cloudevents+avro",
    "application/cloudevents-batch",
    "application/cloudevents-batch+xml",
    "application/cloudevents+json; charset=iso-8859-1",
    "application/cloudevents+json; charset=utf-16",
  ])("does not read %s", (type) => {
    expect(problem(structured(type, minimal))).toMatchObject({
      _tag: "UnsupportedContentType",
      field: "content-type",
      contentType: type,
    })
  })

  it("tells no event at all from an event with missing attributes", () => {
    expect(problem(decodeHttp({ headers: {}, body: "" }))).toMatchObject({
      _tag: "UnsupportedContentType",
    })
    expect(
      problem(decodeHttp({ headers: { "content-type": "application/json" }, body: minimal })),
    ).toMatchObject({ _tag: "UnsupportedContentType", contentType: "application/json" })
    const { "ce-type": _, ...untyped } = attributes
    expect(problem(decodeHttp({ headers: untyped, body: "" }))).toMatchObject({
      _tag: "InvalidEvent",
      field: "type",
      reason: "is required",
    })
  })

  it("takes the content type from its own header only", () => {
    expect(problem(binary({ "ce-datacontenttype": "text/plain" }))).toMatchObject({
      field: "ce-datacontenttype",
    })
    expect(problem(binary({ "content-type": "nonsense" }))).toMatchObject({
      field: "datacontenttype",
    })
  })

  it("rejects header names that no attribute can have, and repeated headers", () => {
    for (const name of ["ce-data", "ce-data_base64", "ce-a-b", "ce-", "ce-__proto__"]) {
      const headers = Object.fromEntries([...Object.entries(attributes), [name, "x"]])
      expect(problem(decodeHttp({ headers, body: "" }))).toMatchObject({ field: name })
    }
    const twice = { ...attributes, "ce-id": ["1", "2"] }
    expect(problem(decodeHttp({ headers: twice, body: "" }))).toMatchObject({ field: "ce-id" })
    expect(one({ headers: { ...attributes, "ce-id": ["1"] }, body: "" })?.id).toBe("1")
  })

  it("reads data by its content type", () => {
    const data = (type: string, body: Uint8Array | string) => {
      const { data, data_base64: base64 } = binaryEvent({ "content-type": type }, body) ?? {}
      return base64 === undefined ? data : { base64 }
    }
    expect(data("application/json", `{"a":1}`)).toEqual({ a: 1 })
    expect(data("application/vnd.x+JSON; charset=utf-8", "null")).toBeNull()
    // A JSON string stays a string, even one that holds JSON.
    expect(data("application/json", `"{\\"a\\":1}"`)).toBe(`{"a":1}`)
    expect(data("text/plain", `{"a":1}`)).toBe(`{"a":1}`)
    expect(data("application/xml", "<a/>")).toBe("<a/>")
    expect(data("text/plain", Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa")
    expect(data("application/json", Uint8Array.of(0xef, 0xbb, 0xbf, 0x31))).toBe(1)
    expect(data("application/octet-stream", "foo")).toEqual({ base64: "Zm9v" })
    expect(data("image/png", Uint8Array.of(0xff))).toEqual({ base64: "/w==" })
    expect(data("application/json", "")).toBeUndefined()
    expect(binaryEvent({}, "foo")).toMatchObject({ data_base64: "Zm9v" })
  })

  it("rejects data that its content type cannot be", () => {
    const of = (type: string, body: Uint8Array | string) =>
      problem(binary({ "content-type": type }, body))
    expect(of("application/json", "{")).toMatchObject({ _tag: "MalformedJson", field: "data" })
    expect(of("application/json", Uint8Array.of(0xff))).toMatchObject({ _tag: "InvalidUtf8" })
    expect(of("text/plain", Uint8Array.of(0xff))).toMatchObject({ _tag: "InvalidUtf8" })
    expect(of("text/plain; charset=latin1", "a")).toMatchObject({ _tag: "UnsupportedContentType" })
    expect(of("application/json", "[".repeat(65))).toMatchObject({ _tag: "TooDeep", field: "data" })
    expect(problem(structured(structuredContentType, Uint8Array.of(0xc0, 0xa0)))).toMatchObject({
      _tag: "InvalidUtf8",
      field: "body",
    })
  })

  it("limits the body before reading it", () => {
    const limits = { ...defaultEventLimits, maxEventBytes: 10, maxBatchBytes: 20 }
    const of = (headers: Record<string, string>, size: number) =>
      problem(decodeHttp({ headers, body: new Uint8Array(size) }, { limits }))
    expect(of({ "content-type": structuredContentType }, 11)).toMatchObject({
      _tag: "EventTooLarge",
      limitBytes: 10,
      actualBytes: 11,
    })
    expect(of(attributes, 11)).toMatchObject({ _tag: "EventTooLarge" })
    expect(of(attributes, 10)).toBeUndefined()
    expect(of({ "content-type": batchContentType }, 21)).toMatchObject({ _tag: "BatchTooLarge" })
  })

  it("mends where it is told to, and says what", () => {
    const supplies = { id: () => "made", time: () => "2024-01-01T00:00:00Z" }
    const message = {
      headers: { "content-type": batchContentType },
      body: `[${minimal},{"Type":"t","source":"/"}]`,
    }
    expect(problem(decodeHttp(message))).toMatchObject({ index: 1, field: "specversion" })
    const { events, mended } = Either.getOrThrow(decodeHttp(message, { mend: supplies }))
    expect(events[1]).toMatchObject({ id: "made", type: "t" })
    expect(mended).toContainEqual({ index: 1, field: "id", what: "missing, generated" })
  })
})

describe("header values", () => {
  it("are printable ASCII without spaces and quotes, and read back", () => {
    fc.assert(
      fc.property(arb.attributeText, (text) => {
        const encoded = encodeHeaderValue(text)
        expect(encoded).toMatch(/^[\x21\x23-\x7e]*$/)
        expect(decodeHeaderValue(encoded, "ce-x")).toEqual(Either.right(text))
      }),
      { numRuns: 500 },
    )
  })

  it("are the only headers of a binary message", () => {
    fc.assert(
      fc.property(arb.event, (event) => {
        for (const [name, value] of Object.entries(encodeBinary(event).headers)) {
          expect(name).toMatch(/^(?:content-type|ce-[a-z0-9]+)$/)
          expect(value).toMatch(/^[\x20-\x7e]*$/)
        }
        expect(encodeBinary(event).headers).not.toHaveProperty("ce-datacontenttype")
      }),
    )
  })

  it.each([
    ["Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"],
    ['a "b" 100%', "a%20%22b%22%20100%25"],
    ["a/b?c=d&e,f;g", "a/b?c=d&e,f;g"],
    ["\r\n\x7f", "%0D%0A%7F"],
  ])("encode %j as %s", (text, encoded) => {
    expect(encodeHeaderValue(text)).toBe(encoded)
  })

  it.each([
    ["%41%e2%82%ac", "A€"],
    ['"a \\"b\\" \\\\ %25"', 'a "b" \\ %'],
    ["%2541", "%41"],
    ["100%", "100%"],
    ["%zz%4", "%zz%4"],
    ['"', '"'],
    ['""', ""],
    ['a"b', 'a"b'],
  ])("decode %s to %j", (encoded, text) => {
    expect(decodeHeaderValue(encoded, "ce-x")).toEqual(Either.right(text))
  })

  it.each(["%C0%A0", "%ED%A0%80", "%FF", "a%E2%82", "%F4%90%80%80"])("reject %s", (encoded) => {
    expect(problem(decodeHeaderValue(encoded, "ce-x"))).toMatchObject({
      _tag: "InvalidUtf8",
      field: "ce-x",
    })
  })

  it("cannot smuggle a forbidden character", () => {
    for (const value of ["%0D%0Ax", "%00", "%EF%BF%BF", "a\u0085"]) {
      expect(problem(binary({ "ce-subject": value }))).toMatchObject({ field: "subject" })
    }
  })
})
