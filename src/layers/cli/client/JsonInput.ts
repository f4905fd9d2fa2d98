// JSON that a command is given: as an argument, in a file (`@path`) or on the standard input (`-`).

import * as fs from "node:fs"
import process from "node:process"
import { Effect, Schema } from "effect"
import { UsageError } from "../CliErrors.js"

const MAX_BYTES = 64 * 1024 * 1024

const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

const readAll = (path: string): Effect.Effect<string, UsageError> =>
  Effect.tryPromise({
    try: async () => {
      const stream = path === "-" ? process.stdin : fs.createReadStream(path)
      const chunks: Array<Buffer> = []
      let size = 0
      for await (const chunk of stream) {
        const bytes = Buffer.from(chunk)
        size += bytes.length
        if (size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`)
        chunks.push(bytes)
      }
      return Buffer.concat(chunks).toString("utf8")
    },
    catch: (cause) =>
      new UsageError({
        reason: `${path === "-" ? "The standard input" : path} cannot be read: ${reasonOf(cause)}`,
      }),
  })

/** The text itself, or what `@path` or `-` stands for. */
export const textInput = (text: string): Effect.Effect<string, UsageError> => {
  if (text === "-") return readAll("-")
  return text.startsWith("@") ? readAll(text.slice(1)) : Effect.succeed(text)
}

/** The value of a JSON text, or why it is none; `what` names where it stood. */
export const parseJson = (text: string, what: string): Effect.Effect<unknown, UsageError> =>
  Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause) => new UsageError({ reason: `${what} is not JSON: ${reasonOf(cause)}` }),
  })

/** A JSON value given as an option. */
export const jsonInput = (text: string, what: string): Effect.Effect<unknown, UsageError> =>
  Effect.flatMap(textInput(text), (read) => parseJson(read, what))

const JsonObject = Schema.Record({ key: Schema.String, value: Schema.Unknown })
const isObject = Schema.is(JsonObject)

/** A JSON object given as an option. */
export const objectInput = (
  text: string,
  what: string,
): Effect.Effect<Readonly<Record<string, unknown>>, UsageError> =>
  Effect.filterOrFail(
    jsonInput(text, what),
    (value): value is Readonly<Record<string, unknown>> => isObject(value) && !Array.isArray(value),
    () => new UsageError({ reason: `${what} must be a JSON object` }),
  )
