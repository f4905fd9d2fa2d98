// The interpreter of JSON Schemas: what it says is what Ajv says, and no schema makes it slow.

import { Ajv } from "ajv"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { jsonSchemaValidator } from "../../../src/layers/schema/JsonSchemaValidator.js"

const plenty = () => ({ steps: 10_000_000 })
const compile = (schema: unknown) => Either.getOrThrow(jsonSchemaValidator.compile(schema))
const faultIn = (schema: unknown, value: unknown) => compile(schema).check(value, plenty())
const refusal = (schema: unknown) =>
  Either.flip(jsonSchemaValidator.compile(schema)).pipe(Either.getOrThrow)

// Few names and numbers, so that schemas and values meet.
const name = fc.constantFrom("a", "b", "c", "ab")
const small = fc.integer({ min: -2, max: 4 })
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      small,
      fc.constantFrom(0.5, 1.5, -0),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom("", "a", "ab", "😀", "cc"),
    ),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4 }),
  ),
})).value

const type = fc.constantFrom("null", "boolean", "object", "array", "number", "integer", "string")
const count = fc.integer({ min: 0, max: 3 })

const schemaOf = (dialect: "2020-12" | "draft-07") =>
  fc.letrec<{ schema: unknown }>((tie) => {
    const schema = tie("schema")
    const several = fc.array(schema, { minLength: 1, maxLength: 3 })
    const names = fc.uniqueArray(name, { maxLength: 2 })
    const common = {
      type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
      enum: fc.uniqueArray(value, {
        minLength: 1,
        maxLength: 3,
        selector: (one) => JSON.stringify(one),
      }),
      const: value,
      minimum: small,
      exclusiveMaximum: small,
      multipleOf: fc.constantFrom(1, 2, 0.5),
      minLength: count,
      maxLength: count,
      pattern: fc.constantFrom("^a", "b$", "a|c", "^[a-c]{2}$", "^\\S$"),
      minItems: count,
      maxItems: count,
      uniqueItems: fc.boolean(),
      contains: schema,
      minProperties: count,
      maxProperties: count,
      required: names,
      properties: fc.dictionary(name, schema, { maxKeys: 3 }),
      patternProperties: fc.dictionary(fc.constantFrom("^a", "b"), schema, { maxKeys: 2 }),
      additionalProperties: schema,
      propertyNames: schema,
      allOf: several,
      anyOf: several,
      oneOf: several,
      not: schema,
      if: schema,
      // Named so: an object with a `then` looks like a promise.
      ["then" as string]: schema,
      else: schema,
      $ref: fc.constantFrom("#/$defs/x", "#/$defs/y%7Ez~1"),
    }
    const own =
      dialect === "2020-12"
        ? {
            prefixItems: several,
            items: schema,
            minContains: count,
            maxContains: count,
            dependentRequired: fc.dictionary(name, names, { maxKeys: 2 }),
            dependentSchemas: fc.dictionary(name, schema, { maxKeys: 2 }),
          }
        : {
            items: fc.oneof(schema, several),
            additionalItems: schema,
            dependencies: fc.dictionary(name, fc.oneof(names, schema), { maxKeys: 2 }),
          }
    const keywords = Object.entries<fc.Arbitrary<unknown>>({ ...common, ...own })
    return {
      schema: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.boolean(),
        fc
          .array(
            fc
              .constantFrom(...keywords)
              .chain(([keyword, of]) => of.map((given) => [keyword, given])),
            { maxLength: 3 },
          )
          .map((entries) => Object.fromEntries(entries)),
      ),
    }
  }).schema

const runs = Number(process.env["EVENTLOOM_SCHEMA_RUNS"] ?? 100)

describe("A JSON schema", () => {
  for (const [dialect, uri, makeAjv] of [
    [
      "2020-12",
      "https://json-schema.org/draft/2020-12/schema",
      () => new Ajv2020({ strict: false, logger: false }),
    ],
    [
      "draft-07",
      "http://json-schema.org/draft-07/schema#",
      () => new Ajv({ strict: false, logger: false }),
    ],
  ] as const) {
    it(`matches what Ajv says that it matches, in ${dialect}`, () => {
      const part = schemaOf(dialect)
      fc.assert(
        fc.property(part, part, part, fc.array(value, { maxLength: 12 }), (root, x, y, values) => {
          const schema = {
            $schema: uri,
            $defs: { x: { properties: { a: { $ref: "#" } }, allOf: [x] }, "y~z/": { items: y } },
            allOf: [root],
          }
          const made = jsonSchemaValidator.compile(schema)
          // References in a circle on the same value: Ajv overflows the stack.
          if (Either.isLeft(made)) return made.left.reason.includes("refers to itself")
          const ajv = makeAjv().compile(schema)
          for (const one of values) {
            const fault = made.right.check(one, plenty())
            expect([one, fault === undefined]).toEqual([one, ajv(one)])
          }
          return true
        }),
        { numRuns: runs, ...(runs > 100 ? {} : { seed: 11 }) },
      )
    })
  }

  it("says where the fault is, and what it is", () => {
    const schema = {
      type: "object",
      required: ["id"],
      properties: { id: { type: "string" }, "a/b": { items: { minimum: 1 } } },
      additionalProperties: false,
    }
    for (const [data, pointer, reason] of [
      [7, "", "must be object, not number"],
      [{}, "/id", "is required"],
      [{ id: 1 }, "/id", "must be string, not number"],
      [{ id: "x", "a/b": [1, 0] }, "/a~1b/1", "must be at least 1"],
      [{ id: "x", __proto__x: 1 }, "/__proto__x", "is not allowed"],
    ] as const) {
      expect(faultIn(schema, data)).toEqual({ pointer, reason })
    }
    expect(faultIn(schema, { id: "x" })).toBeUndefined()
    expect(faultIn({ required: ["toString"] }, {})).toMatchObject({ pointer: "/toString" })
  })

  it("holds to formats that can be checked, and takes others for remarks", () => {
    for (const [format, good, bad] of [
      ["date-time", "2024-02-29T23:59:60Z", "2023-02-29T00:00:00Z"],
      ["date", "2024-12-31", "2024-13-01"],
      ["time", "12:00:00.5+01:00", "12:00"],
      ["email", "a@b.example", "a@b@c"],
      ["hostname", "a-b.example", "-a"],
      ["ipv4", "127.0.0.1", "256.0.0.1"],
      ["ipv6", "::1", "::g"],
      ["uri", "https://a.example/b?c", "/relative"],
      ["uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"],
    ] as const) {
      expect([format, faultIn({ format }, good)]).toEqual([format, undefined])
      expect([format, faultIn({ format }, bad)?.reason]).toEqual([format, `is no ${format}`])
    }
    expect(faultIn({ format: "toString" }, "x")).toBeUndefined()
  })

  it("is refused for what it cannot be, and says where", () => {
    for (const [schema, pointer] of [
      [7, ""],
      [{ $schema: "http://json-schema.org/draft-04/schema#" }, "/$schema"],
      [{ properties: { a: { type: "strnig" } } }, "/properties/a/type"],
      [{ properties: { a: { requird: [] } } }, "/properties/a/requird"],
      [{ items: [{}] }, "/items"],
      [{ allOf: {} }, "/allOf"],
      [{ allOf: [{ $ref: "https://evil.example/schema" }] }, "/allOf/0/$ref"],
      [{ $ref: "#/$defs/none" }, "/$ref"],
      [{ $ref: "#/__proto__" }, "/$ref"],
      [{ properties: { a: { $id: "other" } } }, "/properties/a/$id"],
      [{ unevaluatedProperties: false }, "/unevaluatedProperties"],
      [{ $dynamicRef: "#x" }, "/$dynamicRef"],
      [{ pattern: "(?=a)" }, "/pattern"],
      [{ pattern: "(a{500}){500}" }, "/pattern"],
      [{ pattern: "x".repeat(600) }, "/pattern"],
      [{ allOf: Array.from({ length: 20 }, () => ({ pattern: "a{900}" })) }, "/allOf/11/pattern"],
      [{ patternProperties: { "(": {} } }, "/patternProperties/("],
      [{ minLength: -1 }, "/minLength"],
      [{ multipleOf: 0 }, "/multipleOf"],
      [{ $ref: "#" }, ""],
      [
        {
          $defs: { a: { anyOf: [{ $ref: "#/$defs/b" }] }, b: { $ref: "#/$defs/a" } },
          $ref: "#/$defs/a",
        },
        "",
      ],
      [{ anyOf: Array.from({ length: 2_100 }, () => ({})) }, /^\/anyOf\/\d+$/],
      [nested(100), /^(?:\/items)+$/],
    ] as const) {
      expect(refusal(schema).pointer).toEqual(
        typeof pointer === "string" ? pointer : expect.stringMatching(pointer),
      )
    }
  })
})

const nested = (depth: number): unknown => (depth === 0 ? {} : { items: nested(depth - 1) })
const deep = (depth: number): unknown => (depth === 0 ? {} : { a: deep(depth - 1) })

describe("A hostile schema", () => {
  const doubling = Object.fromEntries(
    Array.from({ length: 25 }, (_, n) => [
      `d${n}`,
      { allOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] },
    ]),
  )
  for (const [what, schema, data] of [
    [
      "that doubles with every reference",
      { $defs: { ...doubling, d25: {} }, $ref: "#/$defs/d0" },
      1,
    ],
    [
      "that doubles with every level of the data",
      { allOf: [{ properties: { a: { $ref: "#" } } }, { properties: { a: { $ref: "#" } } }] },
      deep(60),
    ],
    ["with a pattern that backtracks", { pattern: "^(a+)+$" }, `${"a".repeat(200_000)}!`],
    [
      "with many large patterns",
      { allOf: Array.from({ length: 9 }, (_, n) => ({ pattern: `a{900}${n}` })) },
      "a".repeat(100_000),
    ],
    [
      "with unique items",
      { uniqueItems: true },
      Array.from({ length: 100_000 }, (_, n) => ({ n: [n, n, n] })),
    ],
    [
      "with large constants",
      { items: { enum: Array.from({ length: 900 }, (_, n) => ({ n })) } },
      Array.from({ length: 100_000 }, (_, n) => ({ n: n + 900 })),
    ],
  ] as const) {
    it(`${what} spends its budget and no more`, () => {
      const check = compile(schema)
      const startedAt = performance.now()
      const fault = check.check(data, { steps: 250_000 })
      // Not a measurement: without a bound it would be minutes.
      expect(performance.now() - startedAt).toBeLessThan(5_000)
      expect(fault?.reason).toMatch(/takes too much work|is there twice|none of the values/)
    })
  }

  it("shares its budget with the values checked before", () => {
    const { check } = compile({ items: { type: "number" } })
    const budget = { steps: 100 }
    const numbers = Array.from({ length: 60 }, (_, n) => n)
    expect(check(numbers, budget)).toBeUndefined()
    expect(check(numbers, budget)).toEqual({ pointer: "", reason: "takes too much work to check" })
  })
})
