// Content filters against a naive reading of the Subscriptions API.

import { Either, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type CloudEvent,
  compileFilters,
  explainFilters,
  Filter,
  MAX_FILTER_CLAUSES,
  MAX_FILTER_DEPTH,
} from "../../../src/domain/index.js"
import { cloudEvent } from "../../laws/LawEvents.js"

const name = fc.constantFrom("id", "type", "source", "subject", "tenant", "priority", "constructor")
const text = fc.constantFrom("a", "ab", "abc", "b", "com.a", "true", "1", "/")
const values = fc.dictionary(name, text, { minKeys: 1, maxKeys: 3, noNullPrototype: true })
const filter = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({ exact: values }),
    fc.record({ prefix: values }),
    fc.record({ suffix: values }),
    fc.record({ all: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie("filter") }),
  ),
})).filter
const event = fc
  .record(
    {
      id: text,
      source: fc.constant("/"),
      type: text,
      subject: text,
      tenant: text,
      priority: fc.constantFrom(1, true),
      data: fc.constant("a"),
    },
    { requiredKeys: ["id", "source", "type"] },
  )
  .map(cloudEvent)

const naive = (stated: Filter, about: CloudEvent): boolean => {
  const every = (
    values: Readonly<Record<string, string>>,
    holds: (value: string, wanted: string) => boolean,
  ) =>
    Object.entries(values).every(
      ([name, wanted]) => Object.keys(about).includes(name) && holds(String(about[name]), wanted),
    )
  if (stated.exact) return every(stated.exact, (value, wanted) => value === wanted)
  if (stated.prefix) return every(stated.prefix, (value, wanted) => value.indexOf(wanted) === 0)
  if (stated.suffix)
    return every(stated.suffix, (value, wanted) => value.slice(-wanted.length) === wanted)
  if (stated.all) return stated.all.every((one) => naive(one, about))
  if (stated.any) return stated.any.some((one) => naive(one, about))
  return stated.not !== undefined && !naive(stated.not, about)
}

/** The filter that a clause of an explanation names. */
const clauseAt = (filters: ReadonlyArray<Filter>, clause: string): unknown => {
  let found: unknown = { filters }
  for (const step of clause.split(/[.[\]]+/).filter((part) => part !== ""))
    found = Object.entries(Object(found)).find(([key]) => key === step)?.[1]
  return found
}

describe("Filters", () => {
  it("are read, and written as they were", () => {
    const decode = Schema.decodeUnknownEither(Filter, { onExcessProperty: "error" })
    fc.assert(
      fc.property(filter, (stated) => {
        const read = Either.getOrThrow(decode(JSON.parse(JSON.stringify(stated))))
        expect(Schema.encodeSync(Filter)(read)).toEqual(stated)
      }),
    )
  })

  it("hold for the events that a naive reading takes, and say why not for the others", () => {
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 3 }), event, (filters, about) => {
        const { matches, explain } = Either.getOrThrow(compileFilters(filters))
        const verdict = explain(about)
        expect(matches(about)).toBe(filters.every((one) => naive(one, about)))
        expect(verdict._tag).toBe(matches(about) ? "Matched" : "NotMatched")
        for (const { clause, reason } of verdict._tag === "NotMatched" ? verdict.failures : []) {
          expect(clauseAt(filters, clause)).toBeDefined()
          expect(reason).not.toBe("")
        }
      }),
      { numRuns: 500 },
    )
  })

  it("name the clause that does not hold", () => {
    const about = cloudEvent({ id: "1", source: "/", type: "com.x.made" })
    const filters = [
      { prefix: { type: "com." } },
      { any: [{ exact: { subject: "a", type: "b" } }, { not: { suffix: { type: ".made" } } }] },
    ]
    expect(explainFilters(filters, about)).toEqual(
      Either.right({
        _tag: "NotMatched",
        failures: [
          {
            clause: "filters[1].any[0].exact",
            reason: "the event has no subject",
            errored: false,
          },
          { clause: "filters[1].any[1].not", reason: "what it excludes holds", errored: false },
        ],
      }),
    )
  })

  it("are refused with the field when there are too many of them, or too deep", () => {
    const one: Filter = { exact: { type: "t" } }
    const deep = (depth: number): Filter => (depth === 1 ? one : { not: deep(depth - 1) })
    expect(Either.isRight(compileFilters([deep(MAX_FILTER_DEPTH)]))).toBe(true)
    expect(compileFilters([deep(MAX_FILTER_DEPTH + 1)])).toMatchObject({
      left: { field: `filters.0${".not".repeat(MAX_FILTER_DEPTH)}` },
    })
    const many = (count: number): Filter => ({ any: Array.from({ length: count }, () => one) })
    expect(Either.isRight(compileFilters([many(MAX_FILTER_CLAUSES - 1)]))).toBe(true)
    expect(compileFilters([many(MAX_FILTER_CLAUSES)])).toMatchObject({
      left: { field: `filters.0.any.${MAX_FILTER_CLAUSES - 1}` },
    })
  })

  it.each([
    [{}],
    [{ exact: {} }],
    [{ exact: { type: "" } }],
    [{ exact: { Type: "t" } }],
    [{ exact: { type: 1 } }],
    [{ exact: { type: "a" }, prefix: { type: "a" } }],
    [{ all: [] }],
    [{ any: [{}] }],
    [{ not: [] }],
    [{ equals: { type: "a" } }],
    ["exact"],
    [null],
  ])("are not read from %j", (stated) => {
    const decode = Schema.decodeUnknownEither(Filter, { onExcessProperty: "error" })
    expect(Either.isLeft(decode(stated))).toBe(true)
  })
})
