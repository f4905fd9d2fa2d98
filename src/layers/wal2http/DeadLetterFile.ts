// Parcels that were given up on, one line of JSON each, in a file that only its owner may read: it holds
// rows of the database.
//
// A line is on the disk before the place in the log is confirmed.

import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Schema } from "effect"
import type { Parcel } from "./ParcelSink.js"

export class DeadLettersUnwritable extends Schema.TaggedError<DeadLettersUnwritable>()(
  "DeadLettersUnwritable",
  { file: Schema.String, reason: Schema.String },
) {
  override get message(): string {
    return `Events that are given up on cannot be kept in ${this.file}: ${this.reason}.`
  }
}

export interface DeadLetter {
  readonly parcel: Parcel
  readonly reason: string
  readonly attempts: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

export const lineOf = ({ at, attempts, parcel: { json, key }, reason }: DeadLetter): string => {
  const facts = JSON.stringify({ at: new Date(at).toISOString(), key, attempts, reason })
  // The event stays the text that it is: parsing it could cost digits.
  return `${facts.slice(0, -1)},"event":${json}}\n`
}

/** Appends to the file, which is made with its folder when it is needed. */
export const keepDeadLetter = (
  file: string,
  letter: DeadLetter,
): Effect.Effect<void, DeadLettersUnwritable> =>
  Effect.tryPromise({
    try: async () => {
      await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
      const handle = await fs.open(file, "a", 0o600)
      try {
        await handle.appendFile(lineOf(letter))
        await handle.datasync()
      } finally {
        await handle.close()
      }
    },
    catch: (error) =>
      new DeadLettersUnwritable({
        file,
        reason: error instanceof Error ? error.message : String(error),
      }),
  })
