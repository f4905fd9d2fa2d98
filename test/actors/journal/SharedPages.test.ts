import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck as fc } from "effect"
import { Journal, StoreUnavailable } from "../../../src/actors/index.js"
import { SharedPages } from "../../../src/actors/journal/SharedPages.js"
import { NamespaceName, origin, Sequence } from "../../../src/domain/index.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import { numberedFrom } from "../../laws/LawEvents.js"

const namespace = NamespaceName.make("acme.example")
const total = 1_400
const head = Sequence.make(total)

/** A journal of `total` events that counts its reads and answers each when others have had a turn. */
const counted = Effect.gen(function* () {
  const journal = yield* Journal
  yield* journal.append(numberedFrom(namespace, 1, total), 1)
  const counts = { reads: 0 }
  let fails = 0
  const read: Journal["Type"]["read"] = (request) =>
    Effect.zipRight(
      Effect.yieldNow(),
      Effect.suspend(() => {
        counts.reads++
        return fails-- > 0
          ? new StoreUnavailable({ operation: "read", reason: "out" })
          : journal.read(request)
      }),
    )
  return {
    journal: { ...journal, read },
    counts,
    failNext: (count: number) => {
      fails = count
    },
  }
})

interface Reader {
  readonly from: number
  readonly limit: number
}

/** Reads from a place to the head and answers the sequences. A read that fails is made again. */
const readOn = (pages: SharedPages, journal: Journal["Type"], { from, limit }: Reader) =>
  Effect.gen(function* () {
    const reader = {}
    const seen: Array<number> = []
    let after = Sequence.make(from)
    for (;;) {
      const page = yield* Effect.retry(
        pages.read(journal, reader, { namespace, after, limit, head }),
        { times: 10 },
      )
      if (page.length === 0) break
      for (const { sequence } of page) {
        seen.push(sequence)
        after = sequence
      }
    }
    pages.done(reader)
    return seen
  })

const from = (place: number) =>
  Array.from({ length: total - place }, (_, index) => place + index + 1)

const someReaders = fc.array(
  fc.record({ from: fc.nat(total), limit: fc.integer({ min: 1, max: 1_100 }) }),
  { minLength: 1, maxLength: 6 },
)

describe("SharedPages", () => {
  it.effect.prop(
    "give every reader the journal as it is, whoever else reads and whatever fails",
    { readers: someReaders, failures: fc.nat(4) },
    ({ readers, failures }) =>
      Effect.gen(function* () {
        const { journal, failNext } = yield* counted
        failNext(failures)
        const pages = new SharedPages()
        const seen = yield* Effect.forEach(readers, (reader) => readOn(pages, journal, reader), {
          concurrency: "unbounded",
        })
        expect(seen).toEqual(readers.map((reader) => from(reader.from)))
      }).pipe(Effect.provide(MemoryStore.layer)),
    { fastCheck: { numRuns: 30 } },
  )

  it.effect("read a page once for all who are behind", () =>
    Effect.gen(function* () {
      const { journal, counts } = yield* counted
      const pages = new SharedPages()
      const ten = Array.from({ length: 10 }, (): Reader => ({ from: origin, limit: 512 }))
      yield* Effect.forEach(ten, (reader) => readOn(pages, journal, reader), {
        concurrency: "unbounded",
      })
      // Two whole pages; the first reader came before there was anybody to share with; the rest of the
      // journal is no whole page yet, and each reads it and finds its end.
      expect(counts.reads).toBe(2 + 1 + 10 * 2)
    }).pipe(Effect.provide(MemoryStore.layer)),
  )

  it.effect("keep nothing when one reader is left", () =>
    Effect.gen(function* () {
      const { journal, counts } = yield* counted
      const pages = new SharedPages()
      const page = { namespace, after: origin, limit: 512, head }
      const [one, other] = [{}, {}]
      yield* pages.read(journal, one, page)
      yield* pages.read(journal, other, page)
      yield* pages.read(journal, one, page)
      expect(counts.reads).toBe(2)
      pages.done(one)
      yield* pages.read(journal, other, page)
      yield* pages.read(journal, one, page)
      expect(counts.reads).toBe(4)
    }).pipe(Effect.provide(MemoryStore.layer)),
  )
})
