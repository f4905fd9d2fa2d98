// Entries for the tests of stores.

import { Either } from "effect"
import type { JournalEntry } from "../../../src/actors/index.js"
import { CloudEvent, encodeStructured, NamespaceName } from "../../../src/domain/index.js"

export const namespace = (name: string) => NamespaceName.make(name)

/** An event by its number, with JSON of its own when that is given. */
export const entry = (name: string, number: number, json?: string): JournalEntry => {
  const event = Either.getOrThrow(
    CloudEvent.make({ id: `n${number}`, source: "/test", type: "test.numbered", data: number }),
  )
  return { namespace: namespace(name), event, json: json ?? encodeStructured(event) }
}

export const entries = (name: string, from: number, count: number): ReadonlyArray<JournalEntry> =>
  Array.from({ length: count }, (_, index) => entry(name, from + index))
