// Events for the laws: few identities, so that they meet again, and texts that stores get wrong.

import { Either } from "effect"
import * as fc from "fast-check"
import type { JournalEntry } from "../../src/actors/index.js"
import {
  CloudEvent,
  type CloudEventInput,
  encodeStructured,
  type JournaledEvent,
  type NamespaceName,
} from "../../src/domain/index.js"

export const cloudEvent = (input: CloudEventInput): CloudEvent =>
  Either.getOrThrow(CloudEvent.make(input))

export const entry = (
  namespace: NamespaceName,
  event: CloudEvent,
  json: string = encodeStructured(event),
): JournalEntry => ({ namespace, event, json })

/** A plain event by its number. */
export const numbered = (namespace: NamespaceName, number: number): JournalEntry =>
  entry(namespace, cloudEvent({ id: `n${number}`, source: "/law", type: "law.numbered" }))

/** Plain events `from` to `to`, both included. */
export const numberedFrom = (
  namespace: NamespaceName,
  from: number,
  to: number,
): ReadonlyArray<JournalEntry> =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) =>
    numbered(namespace, from + index),
  )

/** What a reader sees of an event, to compare. */
export const seen = ({ sequence, type, json, acceptedAt }: JournaledEvent) => ({
  sequence: Number(sequence),
  type,
  json,
  acceptedAt,
})

/** An event before it has a namespace: `place` chooses one of a few. */
export interface EventSeed {
  readonly place: number
  readonly event: CloudEvent
}

export const places = 3

/** Source and id are chosen so that some pairs would be equal if they were joined. */
export const seed: fc.Arbitrary<EventSeed> = fc
  .record({
    place: fc.nat(places - 1),
    source: fc.constantFrom("/", "/a", "/a/b", "/b"),
    id: fc.constantFrom("a", "b", "ab", "a/b", "bb", "A", "1", "01", "é", "e\u0301"),
    type: fc.constantFrom("a.one", "a.two"),
    data: fc.string({ maxLength: 40 }),
  })
  .map(({ place, ...input }) => ({ place, event: cloudEvent(input) }))

/** Milliseconds since the epoch; the clock of a machine can go back. */
export const time: fc.Arbitrary<number> = fc.integer({ min: 1_000, max: 1_020 })

const awkward = fc.constantFrom(
  "",
  "'",
  '"',
  "\\",
  "\\\\'; drop table events; --",
  "$1",
  "%s",
  "null",
  "a\u2028b\u2029c",
  "👩‍👩‍👧‍👦 \u{10FFFD}",
  "e\u0301 é ﬀ İ",
  "\u0000\u0001\u001f\u007f",
  "\ud800 alone",
  "\uFEFFbom",
  "\r\n\t",
  "x".repeat(100_000),
  "é😀\u2028".repeat(20_000),
)

/** Any text of UTF-16 units, often one that breaks quoting, encoding or normalisation. */
export const awkwardText: fc.Arbitrary<string> = fc.oneof(
  awkward,
  fc.fullUnicodeString({ maxLength: 60 }),
  fc.string16bits({ maxLength: 30 }),
)

const attribute: fc.Arbitrary<string> = fc
  .oneof(
    fc.constantFrom("'", '"', "\\", "'; --", "日本", "👍🏽", "a\u2028b", "\u200d", "e\u0301", "é"),
    fc.fullUnicodeString({ minLength: 1, maxLength: 30 }),
  )
  .filter((text) => !/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(text))

/** Events whose attributes and data hold awkward texts. */
export const awkwardEvent: fc.Arbitrary<CloudEvent> = fc
  .record(
    {
      id: attribute,
      source: attribute.map((text) => `/${encodeURIComponent(text)}`),
      type: attribute,
      subject: attribute,
      partitionkey: attribute,
      data: fc.oneof(awkwardText, fc.jsonValue({ maxDepth: 3 }), fc.array(awkwardText)),
    },
    { requiredKeys: ["id", "source", "type"] },
  )
  .map(cloudEvent)

/** The event as JSON in one of the ways it can be written: spaces, order of members, escapes. */
export const jsonOf = (event: CloudEvent): fc.Arbitrary<string> =>
  fc.constantFrom(
    encodeStructured(event),
    JSON.stringify(event, undefined, "\t"),
    JSON.stringify(Object.fromEntries(Object.entries(event).reverse())),
    ` \n${encodeStructured(event)} `,
    encodeStructured(event).replace(
      /[\u0080-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  )
