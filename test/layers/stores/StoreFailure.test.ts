import { SqlError } from "@effect/sql/SqlError"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Option } from "effect"
import { StoreUnavailable } from "../../../src/actors/index.js"
import { answering } from "../../../src/layers/stores/sql/StoreFailure.js"

const failing = (cause: unknown) =>
  Effect.runSyncExit(answering("test")(Effect.fail(new SqlError({ cause, message: "failed" }))))

const serverError = (code: string, message = "the server's words") =>
  Object.assign(new Error(message), { code, detail: "Key (event)=(secret) already exists." })

describe("a failed statement", () => {
  it.each([
    ["53100", "could not extend file: No space left on device"],
    ["53200", "out of memory"],
    ["53300", "too many connections"],
    ["57P01", "terminating connection due to administrator command"],
    ["57P03", "the database system is starting up"],
    ["57014", "canceling statement due to statement timeout"],
    ["08006", "connection failure"],
    ["25006", "cannot execute INSERT in a read-only transaction"],
    ["40001", "could not serialize access"],
    ["58030", "could not write to file"],
    ["28P01", "password authentication failed"],
    ["42501", "permission denied"],
  ])("is the store's state: %s %s", (code, message) => {
    const exit = failing(serverError(code, message))
    expect(exit).toEqual(
      Exit.fail(new StoreUnavailable({ operation: "test", reason: `${message} (${code})` })),
    )
  })

  it.each(["42601", "42P01", "42703", "22021", "22P02", "23505", "21000"])(
    "is a bug: %s",
    (code) => {
      const exit = failing(serverError(code))
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
    },
  )

  it.each([
    new Error("Connection terminated unexpectedly"),
    Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" }),
    new AggregateError([new Error("connect ECONNREFUSED ::1"), new Error("and 127.0.0.1")]),
  ])("is the store's state where no server answers: %s", (cause) => {
    const exit = failing(cause)
    const error = Exit.isFailure(exit) ? Cause.failureOption(exit.cause) : Option.none()
    expect(Option.getOrUndefined(error)).toBeInstanceOf(StoreUnavailable)
  })

  it("never quotes rows", () => {
    expect(JSON.stringify(failing(serverError("53100")))).not.toContain("secret")
  })
})
