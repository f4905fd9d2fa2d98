import { describe, expect, it } from "@effect/vitest"
import { Either, FastCheck as fc } from "effect"
import { CloudEvent, parseTemplate, renderTemplate } from "../../../src/domain/index.js"

const event = Either.getOrThrow(
  CloudEvent.make({
    id: "1",
    source: "/shop",
    type: "order.paid",
    tenant: "acme",
    data: { order: { id: 7, tags: ["new", "{{type}}"], note: null, paid: true }, "{{id}}": "x" },
  }),
)

const render = (text: string) =>
  Either.flatMap(parseTemplate(text), (template) => renderTemplate(template, event))

describe("a template", () => {
  it.each([
    ["plain", "plain"],
    ["{{type}} of {{ tenant }}", "order.paid of acme"],
    ["{{data.order.id}}/{{data.order.tags.0}}/{{data.order.paid}}", "7/new/true"],
    ["{{data.order.tags}}", '["new","{{type}}"]'],
    ["{{data.order.tags.1}}", "{{type}}"],
    ["a { b } c", "a { b } c"],
    ['{"id":{{id}}}', '{"id":1}'],
  ])("%s makes %s", (text, expected) => {
    expect(Either.getOrThrow(render(text))).toBe(expected)
  })

  it.each([
    ["{{subject}}", "subject"],
    ["{{data.order.none}}", "data.order.none"],
    ["{{data.order.note}}", "data.order.note"],
    ["{{constructor}}", "constructor"],
    ["{{data.order.tags.length}}", "data.order.tags.length"],
    ["{{data.__proto__.x}}", "data.__proto__.x"],
  ])("%s finds nothing at %s", (text, path) => {
    expect(Either.flip(render(text))).toEqual(Either.right({ path, reason: "missing" }))
  })

  it.each(["{{", "}}", "{{}}", "{{a b}}", "{{type.x}}", "{{data..x}}", "a}} {{id}}"])(
    "%s is refused",
    (text) => {
      expect(Either.isLeft(parseTemplate(text))).toBe(true)
    },
  )

  it("is of bounded size and makes texts of bounded size", () => {
    expect(Either.isLeft(parseTemplate("x".repeat(2_049)))).toBe(true)
    expect(Either.isLeft(parseTemplate("{{id}}".repeat(33)))).toBe(true)
    const large = Either.getOrThrow(
      CloudEvent.make({ id: "1", source: "/", type: "t", data: { x: "y".repeat(40_000) } }),
    )
    const template = Either.getOrThrow(parseTemplate("{{data.x}}{{data.x}}"))
    expect(renderTemplate(template, large)).toMatchObject({ left: { reason: "too long" } })
  })

  it("of any text is read or refused, and what is read without places makes itself", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const parsed = parseTemplate(text)
        if (Either.isRight(parsed) && parsed.right.places.length === 0) {
          expect(renderTemplate(parsed.right, event)).toEqual(Either.right(text))
        }
      }),
    )
  })
})
