// The specification's own test cases for CESQL, where they are present on this machine.

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Either, Schema } from "effect"
import { describe, expect, it, type TestContext } from "vitest"
import { parse } from "yaml"
import { compileCesql, parseCesql } from "../../../../src/domain/filter/cesql/index.js"
import { cloudEvent } from "../../../laws/LawEvents.js"

const configured = process.env["EVENTLOOM_CONFORMANCE_DIR"]
const folder = join(configured ?? join(process.cwd(), "../shared/conformance"), "cesql")

const Value = Schema.Union(Schema.String, Schema.Number, Schema.Boolean)
const Attributes = Schema.Record({ key: Schema.String, value: Value })
/** What stands in the file as text. */
const Texts = Schema.Struct({
  name: Schema.String,
  tests: Schema.Array(Schema.Struct({ name: Schema.String, expression: Schema.String })),
})
/** What stands there as a value. */
const Values = Schema.Struct({
  tests: Schema.Array(
    Schema.Struct({
      result: Schema.optional(Value),
      error: Schema.optional(Schema.String),
      event: Schema.optional(Attributes),
      eventOverrides: Schema.optional(Attributes),
    }),
  ),
})
type Case = (typeof Texts.Type)["tests"][number] & (typeof Values.Type)["tests"][number]

const casesIn = (file: string): ReadonlyArray<Case & { readonly suite: string }> => {
  const text = readFileSync(join(folder, file), "utf8")
  const { tests } = Schema.decodeUnknownSync(Texts)(parse(text, { schema: "failsafe" }))
  const values = Schema.decodeUnknownSync(Values)(parse(text))
  return tests.map((test, index) => ({ ...values.tests[index], ...test, suite: file }))
}

/** The cases; where there are none the test is skipped, or fails in CI if a folder was named. */
const cases = (context: TestContext) => {
  if (existsSync(folder)) {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".yaml"))
      .flatMap(casesIn)
  }
  if (process.env["CI"] === "true" && configured !== undefined) {
    throw new Error(`EVENTLOOM_CONFORMANCE_DIR is set, but ${folder} is missing`)
  }
  return context.skip(`no conformance data at ${folder}; set EVENTLOOM_CONFORMANCE_DIR`)
}

const anyEvent = { id: "id", source: "/source", type: "type" }

const eventOf = ({ event, eventOverrides }: Case) =>
  cloudEvent({ ...anyEvent, ...event, ...eventOverrides })

/** What our engine answers to a case, in the terms of the suite. */
const answerTo = (one: Case): { readonly result: unknown; readonly error: string | undefined } => {
  const parsed = parseCesql(one.expression)
  if (Either.isLeft(parsed)) return { result: false, error: "parse" }
  const { value, error } = compileCesql(parsed.right).evaluate(eventOf(one))
  return { result: value, error: error?.kind }
}

describe("CESQL conformance", () => {
  it("answers every case of the specification as it says", (context) => {
    const all = cases(context)
    for (const one of all) {
      const { suite, name } = one
      const { result, error } = answerTo(one)
      const wanted = { result: one.result ?? result, error: one.error }
      expect({ suite, name, result, error }).toEqual({ suite, name, ...wanted })
    }
    expect(all.length).toBeGreaterThan(200)
  })
})
