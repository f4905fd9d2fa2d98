// The public conformance data of CloudEvents, where it is present on this machine.

import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Either } from "effect"
import * as fc from "fast-check"
import { describe, expect, it, type TestContext } from "vitest"
import { decodeHttp, encodeStructured } from "../../../src/domain/event/index.js"
import * as arb from "./EventArbitraries.js"

const configured = process.env["EVENTLOOM_CONFORMANCE_DIR"]
const folder = join(configured ?? join(process.cwd(), "../shared/conformance"), "cloudevents")

/** The file's text; a file that is missing skips the test, or fails it in CI if a folder was named. */
const read = (context: TestContext, name: string): string => {
  const path = join(folder, name)
  if (existsSync(path)) return readFileSync(path, "utf8")
  if (process.env["CI"] === "true" && configured !== undefined) {
    throw new Error(`EVENTLOOM_CONFORMANCE_DIR is set, but ${path} is missing`)
  }
  return context.skip(`no conformance data at ${path}; set EVENTLOOM_CONFORMANCE_DIR`)
}

interface Scenario {
  readonly name: string
  readonly request: string
  readonly attributes: ReadonlyArray<readonly [string, string]>
  readonly data: string
}

const block = (text: string) => /"""\r?\n([\s\S]*?)\r?\n *"""/.exec(text)?.[1] ?? ""

const unindent = (text: string) => {
  const lines = text.split(/\r?\n/)
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/))
  return lines.map((line) => line.slice(Math.min(...indents))).join("\n")
}

const cells = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim())

const table = (text: string) =>
  text
    .split(/\r?\n/)
    .filter((line) => line.trim().startsWith("|"))
    .map(cells)
    .slice(1)

/** The scenarios of the feature file, one for each row of examples. */
const scenariosOf = (feature: string): ReadonlyArray<Scenario> =>
  feature
    .split(/Scenario Outline: /)
    .slice(1)
    .flatMap((outline) => {
      const [steps = "", examples = ""] = outline.split("Examples:")
      return table(examples).map(([contentType = ""]) => {
        const text = steps.replaceAll("<contentType>", contentType)
        const [given = "", then = ""] = text.split("When parsed")
        const [attributes = "", data = ""] = then.split("And the data")
        return {
          name: (text.split("\n")[0] ?? "").trim(),
          request: unindent(block(given)),
          attributes: table(attributes).map(([key = "", value = ""]) => [key, value] as const),
          data: block(data),
        }
      })
    })

const messageOf = (request: string) => {
  const [head = "", ...body] = request.split("\n\n")
  const headers = head
    .split("\n")
    .slice(1)
    .map((line) => {
      const colon = line.indexOf(":")
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    })
  return { headers: Object.fromEntries(headers), body: new TextEncoder().encode(body.join("\n\n")) }
}

describe("CloudEvents conformance", () => {
  it("reads the requests of the HTTP binding's feature file", (context) => {
    const scenarios = scenariosOf(read(context, "http-protocol-binding.feature"))
    expect(scenarios.length).toBeGreaterThanOrEqual(4)
    for (const { name, request, attributes, data } of scenarios) {
      const { events } = Either.getOrThrow(decodeHttp(messageOf(request)))
      expect(attributes.length, name).toBeGreaterThanOrEqual(6)
      const { data: found, ...context } = events[0] ?? {}
      expect(context, name).toEqual(Object.fromEntries(attributes))
      expect(found, name).toEqual(JSON.parse(data))
    }
  })

  it("writes what the published JSON schema describes", (context) => {
    const schema = parseSchema(read(context, "cloudevents.schema.json"))
    expect(schema.required.length).toBe(4)
    fc.assert(
      fc.property(arb.event, (event) => {
        const written: Record<string, unknown> = JSON.parse(encodeStructured(event))
        for (const name of schema.required) expect(written).toHaveProperty(name)
        for (const [name, property] of Object.entries(schema.properties)) {
          if (!Object.hasOwn(written, name)) continue
          const definition = schema.definitions[property.$ref.replace("#/definitions/", "")]
          expect([definition?.type].flat()).toContain(jsonType(written[name]))
          const value = written[name]
          if (typeof value !== "string") continue
          expect(value.length).toBeGreaterThanOrEqual(definition?.minLength ?? 0)
        }
      }),
    )
  })

  it("accepts the examples of the published JSON schema", (context) => {
    const { properties } = parseSchema(read(context, "cloudevents.schema.json"))
    let tried = 0
    for (const [name, { examples = [] }] of Object.entries(properties)) {
      for (const example of examples) {
        const body = JSON.stringify({
          specversion: "1.0",
          id: "1",
          source: "/",
          type: "t",
          [name]: example,
        })
        const headers = { "content-type": "application/cloudevents+json" }
        expect(Either.isRight(decodeHttp({ headers, body })), `${name}: ${example}`).toBe(true)
        tried++
      }
    }
    expect(tried).toBeGreaterThan(10)
  })
})

interface PublishedSchema {
  readonly required: ReadonlyArray<string>
  readonly properties: Readonly<
    Record<string, { readonly $ref: string; readonly examples?: ReadonlyArray<string> }>
  >
  readonly definitions: Readonly<
    Record<string, { readonly type: string | ReadonlyArray<string>; readonly minLength?: number }>
  >
}

const parseSchema = (text: string): PublishedSchema => JSON.parse(text)

const jsonType = (value: unknown) =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value
