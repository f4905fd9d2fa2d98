// From the typed failures of the mesh to errors that are thrown.

import { Cause, Exit, ParseResult } from "effect"
import { MeshError, type MeshErrorCode } from "./MeshError.js"

/** An error of the mesh. */
export interface Failure {
  readonly _tag: MeshErrorCode
  readonly message: string
}

/** Of an error of the mesh, with its fields as facts. */
export const meshError = (failure: Failure): MeshError => {
  const facts = Object.fromEntries(Object.entries(failure).filter(([name]) => !hidden.has(name)))
  return new MeshError(failure._tag, failure.message, facts)
}

/** What every error has, and what is told in another way. */
const hidden: ReadonlySet<string> = new Set(["_tag", "cause", "message", "name", "stack"])

/** Of input that does not fit its schema; `within` is where it stood. */
export const invalidInput = (error: ParseResult.ParseError, within = ""): MeshError => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  const path = issue?.path.map(String).join(".") ?? ""
  const field = [within, path].filter((part) => part !== "").join(".") || "options"
  const reason = issue?.message ?? "is invalid"
  return new MeshError("InvalidSetting", `${field}: ${reason}`, { field, reason })
}

export const meshClosed = (): MeshError => new MeshError("MeshClosed", "The mesh is closed.")

/** What succeeded, or a throw: a `MeshError` for a failure, what was thrown for a bug. */
export const orThrow = <A>(exit: Exit.Exit<A, Failure | MeshError>): A => {
  if (Exit.isSuccess(exit)) return exit.value
  const { cause } = exit
  if (Cause.isInterruptedOnly(cause)) throw meshClosed()
  const failure = Cause.squash(cause)
  throw isFailure(failure) ? meshError(failure) : failure
}

const isFailure = (error: unknown): error is Failure =>
  !(error instanceof MeshError) &&
  error instanceof Error &&
  "_tag" in error &&
  typeof error._tag === "string"
