// Arbitrary events: valid ones, and near misses that break zero to three rules.

import { Either } from "effect"
import * as fc from "fast-check"
import { CloudEvent, coreAttributes } from "../../../src/domain/event/index.js"

/** Written again here from the specification, independent of the code under test. */
const isAllowed = (character: string) => {
  const point = character.codePointAt(0) ?? 0
  if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) return false
  if (point >= 0xd800 && point <= 0xdfff) return false
  return !(point >= 0xfdd0 && point <= 0xfdef) && (point & 0xfffe) !== 0xfffe
}

const awkward = fc.constantFrom("%", '"', " ", "\\", "%41", "€", "😀", "\u00a0", "\u2028", ",", ";")

export const attributeText = fc
  .array(
    fc.oneof(fc.string({ unit: "binary", maxLength: 8 }), fc.string({ maxLength: 8 }), awkward),
  )
  .map((parts) => Array.from(parts.join("")).filter(isAllowed).join(""))

const nonEmptyText = attributeText.filter((text) => text.length > 0)

export const source = fc.oneof(
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.constantFrom(
    "/mycontext/subcontext",
    "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
    "mailto:cncf-wg-serverless@lists.cncf.io",
    "cloudevents/spec/pull/123",
    "1-555-123-4567",
    "//[::1]:80/a",
    "?q=1",
    "#f",
  ),
)

export const timestamp = fc
  .tuple(
    fc.date({
      min: new Date("0001-01-02T00:00:00Z"),
      max: new Date("9999-12-30"),
      noInvalidDate: true,
    }),
    fc.constantFrom("Z", "z", "+00:00", "-07:30", "+14:00"),
  )
  .map(([date, zone]) => date.toISOString().replace("Z", zone))

const name = fc
  .stringMatching(/^[a-z0-9]{1,20}$/)
  .filter((text) => text !== "data" && !coreAttributes.some((core) => core === text))

export const extensionBag = fc.dictionary(
  fc.oneof(name, fc.constantFrom("partitionkey", "sequence", "constructor", "1")),
  fc.oneof(attributeText, fc.integer(), fc.boolean()),
  { maxKeys: 4 },
)

/** Any JSON value as text gives it: without the negative zero that JSON cannot keep. */
export const json: fc.Arbitrary<unknown> = fc
  .jsonValue()
  .map((value): unknown => JSON.parse(JSON.stringify(value)))

export const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString("base64"))

/** Content type and data that agree, so that each mode can carry them without loss. */
const payload = fc.oneof(
  fc.constant({}),
  fc.record({ data: json }),
  fc.record({
    datacontenttype: fc.constantFrom("application/json", "application/vnd.x+json; charset=UTF-8"),
    data: json,
  }),
  fc.record({
    datacontenttype: fc.constantFrom("text/plain", 'text/xml; charset="utf-8"', "application/xml"),
    data: fc.string({ unit: "grapheme", minLength: 1 }),
  }),
  fc.record({
    datacontenttype: fc.constantFrom("application/octet-stream", "image/png"),
    data_base64: base64,
  }),
  fc.record({ data_base64: base64 }),
)

export const eventRecord: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.record(
      {
        id: nonEmptyText,
        source,
        type: nonEmptyText,
        subject: nonEmptyText,
        time: timestamp,
        dataschema: fc.webUrl(),
      },
      { requiredKeys: ["id", "source", "type"] },
    ),
    extensionBag,
    payload,
  )
  .map(([attributes, bag, data]) => ({ specversion: "1.0", ...bag, ...data, ...attributes }))

export const event: fc.Arbitrary<CloudEvent> = eventRecord.map((record) =>
  Either.getOrThrow(
    CloudEvent.make({
      ...record,
      id: String(record["id"]),
      source: String(record["source"]),
      type: String(record["type"]),
    }),
  ),
)

const fieldName = fc.oneof(
  fc.constantFrom(...coreAttributes, "data", "data_base64"),
  fc.constantFrom(
    "Type",
    "foo-bar",
    "foo_bar",
    "",
    "é",
    "__proto__",
    "x".repeat(65),
    "x".repeat(64),
  ),
  name,
)

const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<Array<unknown>>(
    null,
    undefined,
    "",
    "1.0",
    "0.3",
    0,
    -0,
    1.5,
    2147483647,
    2147483648,
    -2147483649,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    true,
    {},
    [],
    "a b",
    "a\nb",
    "a\u0085b",
    "\ud800",
    "\ufdd0",
    "http://a b",
    "1:2",
    "%zz",
    "text",
    "text/plain",
    "text/plain; a",
    "2024-02-30T00:00:00Z",
    "2024-02-29T23:59:60Z",
    "2024-02-29 12:00:00",
    "Zm9v",
    "Zm9",
    "x".repeat(4097),
    "x".repeat(4096),
    { at: new Date(0) },
    { deep: [Number.NaN] },
    { missing: undefined },
    [undefined],
    10n,
    () => 1,
    Symbol("s"),
  ),
  fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withSparseArray: true }),
  fc.string({ unit: "binary" }),
  timestamp,
  source,
)

type Step = (record: Record<string, unknown>) => Record<string, unknown>

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fieldName, oddValue).map(
    ([field, value]): Step =>
      (record) =>
        Object.fromEntries([
          ...Object.entries(record).filter(([key]) => key !== field),
          [field, value],
        ]),
  ),
  fieldName.map(
    (field): Step =>
      (record) =>
        Object.fromEntries(Object.entries(record).filter(([key]) => key !== field)),
  ),
)

export const nearMiss: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(eventRecord, fc.array(step, { maxLength: 3 }))
  .map(([record, steps]) => steps.reduce((current, change) => change(current), record))
