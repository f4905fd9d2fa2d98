// What a failed statement means to the caller of a port: wait and try again, or a bug.

import { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { StoreUnavailable } from "../../../actors/index.js"

/** The SQLSTATE of a failed statement; undefined when the server did not answer. */
export const sqlState = (error: SqlError): string | undefined => {
  const { cause } = error
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return undefined
  return typeof cause.code === "string" && /^[0-9A-Z]{5}$/.test(cause.code) ? cause.code : undefined
}

export const isUniqueViolation = (error: SqlError): boolean => sqlState(error) === "23505"

/** A serialization failure or a deadlock: the same statement may succeed at once. */
export const isConflict = (error: SqlError): boolean => {
  const state = sqlState(error)
  return state === "40001" || state === "40P01"
}

/**
 * Classes of SQLSTATE (PostgreSQL manual, appendix A) that only a wrong statement or wrong data of
 * ours can cause. Everything else, also no answer at all, is the store's state: a lost connection
 * (08, 57P), a full disk or no memory (53), an I/O error (58), a read-only standby (25), refused
 * access (28), a cancelled or timed-out statement (57014).
 */
const ourFault: ReadonlySet<string> = new Set(["0A", "21", "22", "23", "26", "34", "42", "54"])

const isOurFault = (error: SqlError): boolean => {
  const state = sqlState(error)
  // 42501 is a right that the operator has not granted.
  return state !== undefined && state !== "42501" && ourFault.has(state.slice(0, 2))
}

/** Why, for a person. Never `detail`, which quotes rows. */
export const reasonOfFailure = (error: SqlError): string => {
  const { cause } = error
  const code = sqlState(error)
  const suffix = code === undefined ? "" : ` (${code})`
  if (cause instanceof AggregateError && cause.errors.length > 0) {
    return cause.errors
      .map((one: unknown) => (one instanceof Error ? one.message : String(one)))
      .join("; ")
  }
  if (cause instanceof Error && cause.message !== "") return `${cause.message}${suffix}`
  return `${error.message ?? "no reason given"}${suffix}`
}

export const unavailable = (operation: string, error: SqlError): StoreUnavailable =>
  new StoreUnavailable({ operation, reason: reasonOfFailure(error) })

/** The same of what rejects for another reason than a statement: a folder, a lock, an opening. */
export const unavailableBy =
  (operation: string) =>
  (cause: unknown): StoreUnavailable =>
    new StoreUnavailable({
      operation,
      reason: cause instanceof Error ? cause.message : String(cause),
    })

/** Turns failures of statements into the port's: `StoreUnavailable`, or a defect for a bug. */
export const answering =
  (operation: string) =>
  <A, E, R>(
    effect: Effect.Effect<A, E | SqlError, R>,
  ): Effect.Effect<A, Exclude<E, SqlError> | StoreUnavailable, R> =>
    Effect.catchIf(effect, isSqlError, (error) =>
      isOurFault(error) ? Effect.die(error) : Effect.fail(unavailable(operation, error)),
    )

const isSqlError = (error: unknown): error is SqlError => error instanceof SqlError
