// What can be done to a store, as data: random lists of it drive the adapters (see modelLaws.ts).

import { Data } from "effect"
import * as fc from "fast-check"
import type { Deferral, Retention } from "../../src/actors/index.js"
import { type EventSeed, places, seed, time } from "./LawEvents.js"
import * as Records from "./LawRecords.js"

/** What a commit says of one subscription; `dead` are letters of its own. */
export interface Told {
  readonly place: number
  readonly name: string
  readonly position: number
  readonly deferred: ReadonlyArray<Deferral>
  readonly settled: ReadonlyArray<number>
  readonly dead: ReadonlyArray<string>
}

/** The id of a letter of a subscription: unique in the namespace. */
export const letterId = (name: string, letter: string): string => `${name}-${letter}`

/** `place` chooses a namespace, `name` a subscription in it. */
export type StoreCommand = Data.TaggedEnum<{
  Append: { readonly seeds: ReadonlyArray<EventSeed>; readonly at: number }
  Trim: { readonly place: number; readonly upTo: number; readonly limit: number }
  Ask: {
    readonly place: number
    readonly after: number
    readonly limit: number
    readonly maxBytes: number
    readonly at: number
    readonly retention: Retention
  }
  Subscribe: {
    readonly place: number
    readonly name: string
    readonly position: number
    readonly status: "active" | "paused"
  }
  Unsubscribe: { readonly place: number; readonly name: string }
  Commit: { readonly changes: ReadonlyArray<Told> }
  Discard: { readonly place: number; readonly name: string; readonly letter: string }
  Enable: { readonly place: number; readonly status: "enabled" | "disabled" }
  Remove: { readonly place: number; readonly limit: number }
}>
export const StoreCommand = Data.taggedEnum<StoreCommand>()

const place = fc.nat(places - 1)
const name = fc.constantFrom("a", "B", "b.c")
const sequence = fc.nat(30)
const limit = fc.integer({ min: 1, max: 9 })
const letter = fc.constantFrom("1", "02", "10")

const told: fc.Arbitrary<Told> = fc
  .record({
    place,
    name,
    position: sequence,
    deferred: fc.uniqueArray(
      fc.integer({ min: 1, max: 12 }).map((at) => Records.plainDeferral(at)),
      { selector: ({ sequence }) => sequence, maxLength: 4 },
    ),
    settled: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
    dead: fc.uniqueArray(letter, { maxLength: 2 }),
  })
  .map((of) => ({
    ...of,
    settled: of.settled.filter((at) => of.deferred.every(({ sequence }) => sequence !== at)),
  }))

export const storeCommand: fc.Arbitrary<StoreCommand> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({ seeds: fc.array(seed, { maxLength: 8 }), at: time })
      .map((of) => StoreCommand.Append(of)),
  },
  {
    weight: 2,
    arbitrary: fc.record({ place, upTo: sequence, limit }).map((of) => StoreCommand.Trim(of)),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        place,
        after: sequence,
        limit,
        maxBytes: fc.nat(900),
        at: time,
        retention: fc.record({ acceptedBefore: time, maxBytes: fc.nat(900) }, { requiredKeys: [] }),
      })
      .map((of) => StoreCommand.Ask(of)),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        place,
        name,
        position: sequence,
        status: fc.constantFrom("active" as const, "paused" as const),
      })
      .map((of) => StoreCommand.Subscribe(of)),
  },
  { weight: 1, arbitrary: fc.record({ place, name }).map((of) => StoreCommand.Unsubscribe(of)) },
  {
    weight: 4,
    arbitrary: fc
      .uniqueArray(told, { selector: ({ place, name }) => `${place} ${name}`, maxLength: 4 })
      .map((changes) => StoreCommand.Commit({ changes })),
  },
  {
    weight: 1,
    arbitrary: fc.record({ place, name, letter }).map((of) => StoreCommand.Discard(of)),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ place, status: fc.constantFrom("enabled" as const, "disabled" as const) })
      .map((of) => StoreCommand.Enable(of)),
  },
  { weight: 1, arbitrary: fc.record({ place, limit }).map((of) => StoreCommand.Remove(of)) },
)
