// Events as they come in: structured, in batches, in binary mode; and bodies that are JSON.

import { Either } from "effect"
import * as fc from "fast-check"
import {
  decodeHttp,
  encodeBatch,
  encodeBinary,
  encodeStructured,
  eventFromJson,
  eventsFromJson,
  parseJson,
} from "../../src/domain/index.js"
import * as arb from "../domain/event/EventArbitraries.js"
import { same, target, type Target, textsLike } from "./Target.js"

/** Near misses hold what JSON does not, too. */
const nearMiss = arb.nearMiss.map((near) =>
  JSON.stringify(near, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
)

const structured = target(
  "CloudEvents, structured",
  textsLike(fc.oneof(arb.event.map(encodeStructured), nearMiss)),
  (text) => {
    const event = eventFromJson(text)
    if (Either.isLeft(event)) return
    const again = Either.getOrThrow(eventFromJson(encodeStructured(event.right)))
    same(again, event.right, "it is not what was read")
  },
)

const batch = target(
  "CloudEvents, batch",
  textsLike(fc.array(arb.event, { maxLength: 3 }).map(encodeBatch)),
  (text) => {
    const events = eventsFromJson(text)
    if (Either.isLeft(events)) return
    const again = Either.getOrThrow(eventsFromJson(encodeBatch(events.right)))
    same(again, events.right, "it is not what was read")
  },
)

const headers = fc.dictionary(
  fc.oneof(
    fc.constantFrom("content-type", "ce-id", "ce-source", "ce-type", "ce-time"),
    fc.string(),
  ),
  fc.oneof(fc.constantFrom("1.0", "application/json", "a%20b", "%"), fc.fullUnicodeString()),
  { maxKeys: 4 },
)

const binary = target(
  "CloudEvents, binary",
  fc.record({
    event: arb.event,
    extra: headers,
    body: textsLike(fc.constant('{"a":1}')),
    keep: fc.boolean(),
  }),
  ({ event, extra, body, keep }) => {
    const written = encodeBinary(event)
    const message = { headers: { ...written.headers, ...extra }, body: keep ? written.body : body }
    const read = decodeHttp(message)
    if (Either.isLeft(read)) return
    for (const one of read.right.events) {
      const again = Either.getOrThrow(eventFromJson(encodeStructured(one)))
      same(again, one, "it is not what was read")
    }
  },
)

const jsonBody = target(
  "JSON bodies",
  textsLike(fc.oneof(fc.json(), fc.constantFrom("[[[[]]]]", '{"a":{"b":[1,2]}}', '"\\ud800"'))),
  (text) => {
    const value = parseJson(text, 32, "body")
    if (Either.isLeft(value)) return
    // A number beyond a double is read as infinite, which is for the schema of the body to refuse.
    const written = JSON.stringify(value.right)
    same(JSON.stringify(JSON.parse(written)), written, "it is not what was written")
  },
)

export const wireTargets: ReadonlyArray<Target> = [structured, batch, binary, jsonBody]
