import { Environment } from "@marcbachmann/cel-js"
import { Either } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { compileCel, isFault, toJson } from "../../../src/domain/cel/index.js"
import { EvaluationBudget } from "../../../src/domain/expression/index.js"
import { type CloudEvent, CloudEvent as Event } from "../../../src/domain/index.js"
import { cloudEvent } from "../../laws/LawEvents.js"
import { celSoup, celText } from "./CelArbitraries.js"

const about = cloudEvent({
  id: "abc",
  source: "/s",
  type: "com.x",
  time: "2026-01-02T03:04:05Z",
  data: {
    n: 5,
    f: 2.5,
    s: "a😀b",
    list: [1, 2, 3],
    o: { constructor: "Pérez", nothing: null },
    t: true,
    orders: [
      { sku: "a", count: 2 },
      { sku: "b", count: 0 },
    ],
  },
})

/** The value in JSON, or why there is none. */
const evaluate = (text: string, event: CloudEvent = about) => {
  const value = Either.getOrThrow(compileCel(text)).evaluate(event)
  const json = isFault(value) ? value : toJson(value, new EvaluationBudget())
  return isFault(json) ? json.reason : json
}

describe("CEL", () => {
  it.each([
    ["event.data.n > 3", true],
    ["event.data.n == 5 && event.data.n >= 5.0", true],
    ["event.data.n + 1 == 6", true],
    ["event.data.n / 2", 2.5],
    ["5 / 2", 2],
    ["event.data.n % 2 == 1", true],
    ["9007199254740993 == 9007199254740992.0", false],
    ["event.data.list[event.data.n - 4]", 2],
    ["event.data.n in [1, 5]", true],
    ["event.data.n == '5'", false],
    ["event.data.list == [1, 2, 3]", true],
    ["event.data.o.constructor", "Pérez"],
    ["event.data.o.nothing == null", true],
    ["has(event.data.o.nothing) && !has(event.data.o.something)", true],
    ["event.data.orders.exists(o, o.sku == 'b' && o.count == 0)", true],
    ["event.data.orders.all(o, o.count > 0)", false],
    ["event.data.orders.filter(o, o.count > 0).map(o, o.sku)", ["a"]],
    ["event.data.orders.map(o, o.count > 0, {'sku': o.sku})", [{ sku: "a" }]],
    ["event.data.orders.exists_one(o, o.count == 2)", true],
    ["event.data.exists(name, name == 'orders')", true],
    ["cel.bind(o, event.data.o, o.constructor.startsWith('P'))", true],
    ["event.data.missing == 1 || event.data.n == 5", true],
    ["event.data.n == 4 && event.data.missing == 1", false],
    ["event.data.missing == 1 && event.data.n == 4", false],
    ["[0, 1].exists(x, 1 / x == 1)", true],
    ["event.data.s.size()", 3],
    ["event.id.matches('^a.c$') && matches(event.type, 'x')", true],
    ["timestamp(event.time) - timestamp('2026-01-01T00:00:00+01:00') > duration('24h')", true],
    ["timestamp(event.time).getHours() == 3", true],
    ["string(timestamp(event.time) + duration('1h30m'))", "2026-01-02T04:34:05Z"],
    ["event.data.n > 3 ? 'big' : 'small'", "big"],
    ["{'__proto__': 1, 'a': event.id}", JSON.parse('{"__proto__": 1, "a": "abc"}')],
    ["event.id.split('').join('-')", "a-b-c"],
  ])("%s is %j", (text, value) => {
    expect(evaluate(text)).toEqual(value)
  })

  it.each([
    ["event.data.missing > 3", 'there is no member "missing"'],
    ["event.data.n.x", "a double has no members"],
    ["event.constructor", 'there is no member "constructor"'],
    ["event.__proto__.x", 'there is no member "__proto__"'],
    ["event.data.list[3]", "there is no such element"],
    ["event.data.list['length']", "there is no list[string]"],
    ["event.data.s > 3", "there is no string > int"],
    ["1 / 0", "division by zero"],
    ["9223372036854775807 + 1", "the result is no integer of 64 bits"],
    ["9007199254740993", "the result is an integer beyond 2^53, which JSON does not keep"],
    ["1.0 / 0", "the result is no number of JSON"],
    ["timestamp('yesterday')", "timestamp() takes a date and time with offset (RFC 3339)"],
  ])("%s has no value: %s", (text, reason) => {
    expect(evaluate(text)).toBe(reason)
  })

  it.each([
    ["", 0],
    ["1 +", 3],
    ["foo == 1", 0],
    ["event.data.n > 'a' && 'a' > 1", 22],
    ["event.data.n + size(1, 2)", 15],
    ["event.data.foo()", 0],
    ["event.id.matches('(')", 17],
    ["event.id.matches('a{100}')", 17],
    ["event.id.matches(event.id)", 23],
    ["event.data.list.map(1, 2)", 20],
    ["event.data.list.map(event, 2)", 20],
    ["1u", 0],
    ["b'a'", 0],
    ["9223372036854775808", 0],
    ["event.?id", 6],
    ["1 ? 2 : 3", 0],
    ["!'a'", 0],
  ])("%s is refused at %i", (text, position) => {
    expect(compileCel(text)).toMatchObject({ left: { position } })
  })

  it("has a value or a fault for whatever is read, and a position for whatever is not", () => {
    fc.assert(
      fc.property(fc.oneof(celText, celSoup, fc.string()), (text) => {
        const compiled = compileCel(text)
        if (Either.isRight(compiled)) {
          const value = compiled.right.evaluate(about)
          if (!isFault(value)) toJson(value, new EvaluationBudget())
        } else {
          expect(compiled.left.reason).not.toBe("")
          expect(compiled.left.position).toBeGreaterThanOrEqual(0)
          expect(compiled.left.position).toBeLessThanOrEqual(text.length)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it("answers what the library's own evaluator does, where that answers", () => {
    const environment = new Environment({ homogeneousAggregateLiterals: false }).registerVariable(
      "event",
      "dyn",
    )
    let compared = 0
    fc.assert(
      fc.property(celText, (text) => {
        const compiled = compileCel(text)
        if (Either.isLeft(compiled)) return
        const ours = compiled.right.evaluate(about)
        let theirs: unknown
        try {
          theirs = environment.evaluate(text, { event: about })
        } catch {
          return
        }
        // It reads a text without digits as zero.
        if (isFault(ours) && ours.reason.startsWith("int() cannot")) return
        expect([text, isFault(ours) ? ours.reason : ours]).toEqual([text, theirs])
        compared++
      }),
      { numRuns: 2_000 },
    )
    expect(compared).toBeGreaterThan(200)
  })

  it("gives up on what costs too much", () => {
    const numbers = Array.from({ length: 100_000 }, (_, index) => index)
    const data = { numbers, text: "a".repeat(200_000), part: `${"a".repeat(100_000)}b` }
    const hostile = Either.getOrThrow(Event.make({ id: "1", source: "/", type: "t", data }))
    for (const text of [
      "event.data.numbers.all(x, x >= 0)",
      "event.data.numbers.all(x, event.data.numbers.all(y, x + y >= 0))",
      "-1 in event.data.numbers",
      "event.data.numbers == event.data.numbers.map(x, x)",
      "event.data.text.contains(event.data.part)",
      "event.data.text.matches('(a|aa)*(a|aa)*c')",
      "event.data.text.split('').size() > 0",
      "(event.data.numbers + event.data.numbers).size() > 0",
    ]) {
      expect([text, evaluate(text, hostile)]).toEqual([
        text,
        expect.stringMatching(/costs more|too long/),
      ])
    }
    const lists = "cel.bind(a, [1, 2], cel.bind(b, [a, a, a, a], cel.bind(c, [b, b, b, b], "
    const more = "cel.bind(d, [c, c, c, c], cel.bind(e, [d, d, d, d], cel.bind(f, [e, e, e, e], "
    const most = "cel.bind(g, [f, f, f, f], cel.bind(h, [g, g, g, g], [h, h]))))))))"
    expect(evaluate(lists + more + most)).toMatch(/costs more/)
    expect(evaluate(`${lists}${more}${most} == ${lists}${more}${most}`)).toMatch(/costs more/)
  })
})
