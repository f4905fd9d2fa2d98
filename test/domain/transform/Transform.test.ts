import { Either } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  compileTransform,
  encodeStructured,
  eventFromJson,
  JournaledEvent,
  Sequence,
  type Transform,
} from "../../../src/domain/index.js"
import { cloudEvent } from "../../laws/LawEvents.js"
import { celText } from "../cel/CelArbitraries.js"

const about = JournaledEvent.of(
  Sequence.make(7),
  cloudEvent({
    id: "1",
    source: "/shop",
    type: "order.made",
    subject: "a",
    partitionkey: "k",
    dataschema: "https://example.com/s",
    data: { n: 5, list: [1, 2] },
  }),
  1000,
)

const apply = (transform: Transform, event = about) =>
  Either.map(Either.getOrThrow(compileTransform(transform))(event), ({ event }) => ({ ...event }))

describe("A transform", () => {
  it("replaces what it states and keeps the rest", () => {
    const { dataschema: _, ...rest } = about.event
    expect(apply({ data: "{'twice': event.data.n * 2, 'list': event.data.list}" })).toEqual(
      Either.right({ ...rest, data: { twice: 10, list: [1, 2] } }),
    )
    expect(apply({ type: "event.type + '.v2'", subject: "null" })).toEqual(
      Either.right(
        Object.fromEntries(
          Object.entries({ ...about.event, type: "order.made.v2" }).filter(
            ([name]) => name !== "subject",
          ),
        ),
      ),
    )
  })

  it("makes JSON of data that was none", () => {
    const binary = cloudEvent({
      id: "1",
      source: "/",
      type: "t",
      datacontenttype: "image/png",
      data_base64: "AAAA",
    })
    expect(
      apply({ data: "size(event.data_base64)" }, JournaledEvent.of(Sequence.make(1), binary, 1)),
    ).toMatchObject(Either.right({ datacontenttype: "application/json", data: 4 }))
  })

  it("keeps the sequence and the time, and its JSON is that of the event", () => {
    const made = Either.getOrThrow(Either.getOrThrow(compileTransform({ data: "1" }))(about))
    expect([made.sequence, made.acceptedAt]).toEqual([7, 1000])
    expect(made.json).toBe(encodeStructured(made.event))
  })

  it.each([
    [{ type: "event.data.n" }, /type: the result is not a string/],
    [{ type: "''" }, /type must not be empty/],
    [{ type: "'a\\n'" }, /control characters/],
    [{ subject: "event.data.missing" }, /subject: there is no member/],
    [{ subject: "event.data.list" }, /subject: the result is not a string or null/],
    [{ data: "1.0 / 0.0" }, /data: the result is no number of JSON/],
    [{ data: "cel.bind(a, [event.data, event.data], [a, a, a].map(x, [a, a, a]))[9]" }, /data/],
  ] satisfies ReadonlyArray<readonly [Transform, RegExp]>)("%j fails: %s", (transform, reason) => {
    const result = apply(transform)
    expect(Either.isLeft(result) && result.left).toMatch(reason)
  })

  it.each([
    [{ type: "1 + 1" }, "transform.type", 0],
    [{ subject: "{}" }, "transform.subject", 0],
    [{ type: "'a'", data: "event.data." }, "transform.data", 11],
  ])("%j is refused: %s", (transform, field, position) => {
    expect(compileTransform(transform)).toMatchObject({ left: { field, position } })
  })

  it("makes an event that can be published, or fails", () => {
    fc.assert(
      fc.property(celText, celText, (data, subject) => {
        const compiled = compileTransform({ data, subject })
        if (Either.isLeft(compiled)) return
        const made = compiled.right(about)
        if (Either.isRight(made)) expect(Either.isRight(eventFromJson(made.right.json))).toBe(true)
      }),
    )
  })
})
