import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fc from "fast-check"
import { OutcomeSchema } from "../../../src/domain/index.js"
import {
  outcomeOfAnswer,
  outcomeOfFailure,
} from "../../../src/layers/transports/webhook/Response.js"

const tagOf = (status: number) => outcomeOfAnswer({ status }, 0, 0)._tag

describe("an answer", () => {
  it.each([
    ["Delivered", [200, 201, 202, 204, 206, 299]],
    ["Reject", [400, 402, 405, 409, 413, 415, 418, 422, 431, 451]],
    ["Misconfigured", [300, 301, 302, 304, 307, 308, 401, 403, 404]],
    ["Retry", [408, 425, 429, 500, 501, 502, 503, 504, 507, 599]],
    ["Gone", [410]],
  ] as const)("means %s with the statuses %j", (tag, statuses) => {
    expect(statuses.map(tagOf)).toEqual(statuses.map(() => tag))
  })

  it("always means something, and nothing it says stands unclean in the reason", () => {
    const is = Schema.is(OutcomeSchema)
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 999 }),
        fc.option(fc.fullUnicodeString(), { nil: undefined }),
        fc.option(fc.fullUnicodeString(), { nil: undefined }),
        (status, retryAfter, location) => {
          expect(is(outcomeOfAnswer({ status, retryAfter, location }, 1, 2))).toBe(true)
        },
      ),
    )
  })
})

describe("a failure", () => {
  it("always means something, whatever was thrown", () => {
    const is = Schema.is(OutcomeSchema)
    const codes = fc.oneof(fc.anything(), fc.constantFrom("valueOf", "__proto__", "ECONNRESET"))
    fc.assert(
      fc.property(fc.fullUnicodeString(), codes, fc.anything(), (message, code, _tag) => {
        expect(is(outcomeOfFailure(Object.assign(new Error(message), { code, _tag })))).toBe(true)
      }),
    )
  })

  it("that the request itself causes is not tried again", () => {
    const error = Object.assign(new Error("invalid x header"), { code: "UND_ERR_INVALID_ARG" })
    expect(outcomeOfFailure(error)._tag).toBe("Reject")
  })
})
