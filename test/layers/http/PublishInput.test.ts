// What may be sent to be published, and what not. Every input is tried on the fast path and on the
// documented route, which must not differ, and none that is refused leaves anything behind.

import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { defaultEventLimits } from "../../../src/domain/index.js"
import {
  batch,
  event,
  putNamespace,
  type Sent,
  send,
  structured,
  withServer,
} from "./support/Server.js"

const path = "/v1/namespaces/acme.example/events"
const attributes = {
  "ce-specversion": "1.0",
  "ce-id": "b",
  "ce-source": "/orders",
  "ce-type": "shop.order.placed",
}

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`
const withData = (data: string) => JSON.stringify(event("a")).replace(/}$/, `,"data":${data}}`)
const invalidUtf8 = Buffer.from(withData('"x"').replace("x", "\u00ff"), "latin1")
const { maxBatchEvents, maxDepth, maxEventBytes } = defaultEventLimits

type Input = readonly [what: string, sent: Partial<Sent>, status: number, field?: string]

const json = (body: unknown): Partial<Sent> => ({ headers: structured, body })
const many = (body: unknown): Partial<Sent> => ({ headers: batch, body })

const inputs: ReadonlyArray<Input> = [
  ["structured mode", json(event("a")), 202],
  [
    "upper-case media type",
    {
      headers: { "content-type": "Application/CloudEvents+JSON; charset=UTF-8" },
      body: event("a"),
    },
    202,
  ],
  ["extensions of each kind", json(event("a", { count: -1, flag: false, partitionkey: "k" })), 202],
  ["null attributes", json(event("a", { subject: null, data: null })), 202],
  ["data nested as deep as allowed", json(withData(nested(maxDepth))), 202],
  ["batch mode", many([event("a"), event("b")]), 202],
  ["an empty batch", many([]), 202],
  ["binary mode", { headers: attributes, body: "x" }, 202],
  ["binary mode without data", { headers: attributes }, 202],
  ["percent-encoded headers", { headers: { ...attributes, "ce-subject": "%E2%82%AC%20%22" } }, 202],
  [
    "ephemeral by header",
    { headers: { ...structured, "eventloom-durability": "ephemeral" }, body: event("a") },
    202,
  ],
  ["ephemeral by query", { ...json(event("a")), path: `${path}?durability=ephemeral` }, 202],
  ["lenient reading", { ...json({ source: "/s", type: "t" }), path: `${path}?lenient=true` }, 202],

  ["nothing", {}, 415, "content-type"],
  ["no content type", { body: JSON.stringify(event("a")) }, 415, "content-type"],
  ["plain JSON", { body: event("a") }, 415, "content-type"],
  [
    "another format",
    { headers: { "content-type": "application/cloudevents+avro" }, body: "x" },
    415,
    "content-type",
  ],
  [
    "another charset",
    {
      headers: { "content-type": "application/cloudevents+json; charset=latin1" },
      body: event("a"),
    },
    415,
    "content-type",
  ],
  ["an empty body", json(""), 400, "body"],
  ["half of an event", json('{"specversion":"1.0"'), 400, "body"],
  ["invalid UTF-8", json(invalidUtf8), 400, "body"],
  ["null", json("null"), 400, "event"],
  ["a batch in structured mode", json([event("a")]), 400, "event"],
  ["an event in batch mode", many(event("a")), 400, "batch"],
  ["no version", json({ ...event("a"), specversion: undefined }), 400, "specversion"],
  ["another version", json({ ...event("a"), specversion: "2.0" }), 400, "specversion"],
  ...["id", "source", "type"].flatMap(
    (name): ReadonlyArray<Input> => [
      [`no ${name}`, json({ ...event("a"), [name]: undefined }), 400, name],
      [`an empty ${name}`, json({ ...event("a"), [name]: "" }), 400, name],
      [`a ${name} that is a number`, json({ ...event("a"), [name]: 1 }), 400, name],
      [`a ${name} that is too long`, json({ ...event("a"), [name]: "x".repeat(4097) }), 400, name],
    ],
  ),
  ["an upper-case attribute", json(event("a", { partitionKey: "k" })), 400, "partitionKey"],
  ["an attribute with a dash", json(event("a", { "trace-id": "k" })), 400, "trace-id"],
  ["an attribute that is an object", json(event("a", { ext: {} })), 400, "ext"],
  ["an attribute with a line break", json(event("a", { ext: "a\nb" })), 400, "ext"],
  ["a time that is none", json(event("a", { time: "yesterday" })), 400, "time"],
  ["both kinds of data", json(event("a", { data: 1, data_base64: "AA==" })), 400, "data_base64"],
  ["data that is no base64", json(event("a", { data_base64: "!" })), 400, "data_base64"],
  ["data nested too deep", json(withData(nested(maxDepth + 1))), 400, "body"],
  ["nesting that would end the stack", json(withData(nested(100_000))), 400, "body"],
  [
    "a batch with one bad event",
    many([event("a"), event("b"), { ...event("c"), id: "" }]),
    400,
    "id",
  ],
  ["a batch of something else", many([event("a"), 5]), 400, "event"],
  [
    "a bad attribute name in a header",
    { headers: { ...attributes, "ce-trace-id": "x" } },
    400,
    "ce-trace-id",
  ],
  ["a header given twice", { headers: { ...attributes, "ce-id": ["a", "b"] } }, 400, "ce-id"],
  [
    "a broken escape in a header",
    { headers: { ...attributes, "ce-subject": "%FF" } },
    400,
    "ce-subject",
  ],
  [
    "binary mode without a type",
    { headers: { "ce-id": "a", "ce-source": "/s", "ce-specversion": "1.0" } },
    400,
    "type",
  ],
  [
    "an unknown durability",
    { ...json(event("a")), path: `${path}?durability=no` },
    400,
    "durability",
  ],
  [
    "an unknown durability in a header",
    { headers: { ...structured, "eventloom-durability": "no" }, body: event("a") },
    400,
    "eventloom-durability",
  ],
  [
    "a lenience that is no truth",
    { ...json(event("a")), path: `${path}?lenient=yes` },
    400,
    "lenient",
  ],
  [
    "lenient reading without a type",
    { ...json({ source: "/s" }), path: `${path}?lenient=true` },
    400,
    "type",
  ],
  [
    "an event that is too large",
    json(event("a", { data: "x".repeat(maxEventBytes) })),
    413,
    "body",
  ],
  [
    "too many events",
    many(Array.from({ length: maxBatchEvents + 1 }, (_, i) => event(`${i}`))),
    413,
    "batch",
  ],
  [
    "an unknown namespace",
    { ...json(event("a")), path: "/v1/namespaces/other.example/events" },
    404,
  ],
  ...[
    "Acme.example",
    "acme_example",
    "a%2Fb",
    "..",
    "%2e%2e",
    ".",
    "%00",
    "a..b",
    "-a",
    "асme.example",
    "acme.example%20",
    "x".repeat(64),
    "x.".repeat(130) + "x",
  ].map(
    (name): Input => [
      `a namespace named ${name.slice(0, 20)}`,
      {
        ...json(event("a")),
        path: encodeURI(`/v1/namespaces/${name}/events`).replaceAll("%25", "%"),
      },
      404,
      "namespace",
    ],
  ),
  [
    "a path with a broken escape",
    { ...json(event("a")), path: "/v1/namespaces/%zz/events" },
    400,
    "path",
  ],
  [
    "a path with bytes that are not UTF-8",
    { ...json(event("a")), path: "/v1/namespaces/%ff/events" },
    400,
    "path",
  ],
]

/** Answers are the same but for what is drawn anew each time. */
const comparable = ({
  headers,
  status,
  text,
}: {
  headers: object
  status: number
  text: string
}) => {
  const { date: _, "keep-alive": __, ...rest } = { date: "", "keep-alive": "", ...headers }
  const shown = JSON.stringify({ status, headers: rest, text })
  return JSON.parse(shown.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<uuid>"))
}

const outcome = ([, sent]: Input, fastPath: boolean) =>
  withServer(
    Effect.gen(function* () {
      yield* putNamespace()
      const answer = yield* send({ method: "POST", path, ...sent })
      const stored = yield* send({ path })
      return { answer, stored: stored.json }
    }),
    { fastPath },
  )

describe("publishing", () => {
  for (const input of inputs) {
    const [what, , status, field] = input
    it.live(`${what}: ${status}`, () =>
      Effect.gen(function* () {
        const fast = yield* outcome(input, true)
        const routed = yield* outcome(input, false)
        expect(comparable(fast.answer)).toEqual(comparable(routed.answer))
        expect(fast.answer.status).toBe(status)
        if (status === 202) {
          expect(fast.answer.json).toHaveProperty("accepted")
          return
        }
        expect(fast.answer.headers["content-type"]).toBe("application/problem+json")
        expect(fast.answer.json).toMatchObject({
          status,
          ...(field === undefined ? {} : { field }),
        })
        for (const { stored } of [fast, routed]) expect(stored).toEqual({ events: [], next: null })
      }),
    )
  }

  it.live("reports what was mended, and stores it so", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const body = { id: 7, source: "/s", type: "t" }
        const sent = yield* send({
          method: "POST",
          path: `${path}?lenient=true`,
          headers: structured,
          body,
        })
        expect(sent).toMatchObject({
          status: 202,
          json: {
            accepted: [{ id: "7", sequence: "1" }],
            mended: expect.arrayContaining([{ field: "id", what: "number read as text" }]),
          },
        })
        expect(yield* send({ path: `${path}/1` })).toMatchObject({ json: { event: { id: "7" } } })
      }),
    ),
  )

  it.live("stores nothing of what is ephemeral", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const headers = { ...structured, "eventloom-durability": "ephemeral" }
        expect(yield* send({ method: "POST", path, headers, body: event("a") })).toMatchObject({
          json: { accepted: [{ id: "a", sequence: "0", duplicate: false }] },
        })
        expect(yield* send({ path })).toMatchObject({ json: { events: [] } })
      }),
    ),
  )

  for (const fastPath of [true, false]) {
    it.live(`is refused for a while when too much waits (fast path: ${fastPath})`, () =>
      withServer(
        Effect.gen(function* () {
          yield* putNamespace()
          const answer = yield* send({
            method: "POST",
            path,
            headers: structured,
            body: event("a"),
          })
          expect(answer).toMatchObject({
            status: 503,
            headers: { "retry-after": "1", "content-type": "application/problem+json" },
            json: { type: "urn:eventloom:problem:overloaded" },
          })
        }),
        { fastPath, config: { publishQueueEvents: 0 } },
      ),
    )
  }
})
