import { describe, expect, it } from "@effect/vitest"
import { Duration, Either, Schema } from "effect"
import * as fc from "fast-check"
import { WebhookOptions } from "../../../src/layers/transports/webhook/WebhookOptions.js"

const decode = Schema.decodeUnknownEither(WebhookOptions)
const isAccepted = (headers: Readonly<Record<string, string>>) =>
  Either.isRight(decode({ headers }))

describe("webhook options", () => {
  it("have defaults and survive storage", () => {
    const options = Either.getOrThrow(decode({ url: "https://a.example/" }))
    expect(options).toMatchObject({ mode: "structured", timeout: Duration.seconds(15) })
    const stored = Schema.encodeSync(WebhookOptions)({ ...options, headers: { a: "b" } })
    expect(stored).toMatchObject({ timeout: "15s", connectTimeout: "10s" })
    expect(Either.getOrThrow(decode(stored))).toEqual({ ...options, headers: { a: "b" } })
  })

  it.each([
    { timeout: "50ms" },
    { timeout: "6m" },
    { connectTimeout: "31s" },
    { mode: "other" },
    { url: 7 },
  ])("such as %j are refused", (options) => {
    expect(Either.isLeft(decode(options))).toBe(true)
  })
})

describe("configured headers", () => {
  it.each([
    "Connection",
    "content-length",
    "Content-Type",
    "HOST",
    "te",
    "Transfer-Encoding",
    "Proxy-Authorization",
    "webhook-signature",
    "Webhook-Id",
    "ce-type",
    "upgrade",
    "expect",
  ])("cannot be %s", (name) => {
    expect(isAccepted({ [name]: "x" })).toBe(false)
  })

  it("cannot carry line breaks or other control characters, whatever stands around them", () => {
    const control = fc.integer({ min: 0, max: 31 }).filter((code) => code !== 9)
    const strange = fc.oneof(control, fc.constant(127), fc.integer({ min: 128, max: 0xffff }))
    fc.assert(
      fc.property(fc.string(), strange, fc.string(), (before, code, after) => {
        const text = before + String.fromCharCode(code) + after
        expect(isAccepted({ "x-a": text })).toBe(false)
        expect(isAccepted({ [text]: "a" })).toBe(false)
      }),
    )
  })

  it("can be any printable value under any token", () => {
    const printable = fc.string({ minLength: 1, maxLength: 200 }).map((text) => text.trim())
    const token = fc.stringMatching(/^x[A-Za-z0-9!#$%&'*+.^_`|~-]{0,30}$/)
    fc.assert(
      fc.property(fc.dictionary(token, printable, { maxKeys: 10 }), (headers) => {
        const names = Object.keys(headers).map((name) => name.toLowerCase())
        expect(isAccepted(headers)).toBe(new Set(names).size === names.length)
      }),
    )
  })

  it("are bounded in number and length", () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, "v"]))
    expect(isAccepted(many(32))).toBe(true)
    expect(isAccepted(many(33))).toBe(false)
    expect(isAccepted({ "x-a": "v".repeat(9_000) })).toBe(false)
    expect(isAccepted({ "x-a": "1", "X-A": "2" })).toBe(false)
  })
})
