// Who bears a key: remembered for a while, forgotten when told, and unknown tokens cost little.

import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Option, TestClock } from "effect"
import { KeyRing } from "../../../src/actors/access/KeyRing.js"
import { Keys, StoreUnavailable } from "../../../src/actors/index.js"
import {
  KeyId,
  keyIdLength,
  keySecretLength,
  keyToken,
  NamespaceName,
  type NamespaceKey,
} from "../../../src/domain/index.js"
import { MemoryState } from "../../../src/layers/stores/memory/MemoryState.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import * as Records from "../../laws/LawRecords.js"

const namespace = NamespaceName.make("a.example")
const idAt = (index: number) => KeyId.make(String(index).padStart(keyIdLength, "0"))
const tokenAt = (index: number, secret = "s") =>
  keyToken(idAt(index), secret.padEnd(keySecretLength, "0"))
const digest = (token: string) => `digest of ${token}`

interface Bench {
  readonly ring: KeyRing
  readonly keys: Keys["Type"]
  /** Look-ups so far. */
  readonly lookUps: () => number
  readonly pass: (millis: number) => void
  readonly fail: (failing: boolean) => void
  readonly add: (index: number, more?: Partial<NamespaceKey>) => Effect.Effect<void>
}

const bench = (test: (bench: Bench) => Effect.Effect<void, unknown>) =>
  Effect.gen(function* () {
    const state = yield* MemoryState.make
    state.namespaces.set(namespace, Records.plainNamespace(namespace))
    const keys = yield* Effect.provide(Keys, MemoryStore.layerFrom(state))
    let [now, lookUps, failing] = [1_000_000, 0, false]
    const ring = new KeyRing({
      keys: {
        ...keys,
        find: (id) =>
          Effect.suspend(() => {
            lookUps++
            return failing
              ? Effect.fail(new StoreUnavailable({ operation: "find", reason: "test" }))
              : keys.find(id)
          }),
      },
      digest,
      now: () => now,
    })
    yield* test({
      ring,
      keys,
      lookUps: () => lookUps,
      pass: (millis) => {
        now += millis
      },
      fail: (on) => {
        failing = on
      },
      add: (index, more = {}) =>
        Effect.orDie(
          Effect.asVoid(
            keys.add({
              key: { namespace, id: idAt(index), scopes: ["read"], createdAt: 1, ...more },
              digest: digest(tokenAt(index)),
            }),
          ),
        ),
    })
  })

const bears = (ring: KeyRing, index: number) =>
  Effect.map(ring.authenticate(tokenAt(index)), Option.isSome)

describe("the key ring", () => {
  it.effect("asks once, then knows without asking, for half a minute", () =>
    bench(({ add, lookUps, pass, ring }) =>
      Effect.gen(function* () {
        yield* add(1)
        expect(ring.known(tokenAt(1))).toBeUndefined()
        expect(yield* bears(ring, 1)).toBe(true)
        for (let use = 0; use < 5; use++) expect(yield* bears(ring, 1)).toBe(true)
        expect(ring.known(tokenAt(1))).toMatchObject({ value: { id: idAt(1) } })
        expect(lookUps()).toBe(1)
        pass(30_000)
        // One asks again; the others are not held up by it.
        expect(ring.known(tokenAt(1))).toBeUndefined()
        expect(ring.known(tokenAt(1))).toMatchObject({ _tag: "Some" })
        pass(30_000)
        expect(ring.known(tokenAt(1))).toBeUndefined()
      }),
    ),
  )

  it.effect("takes no other secret for the right one, and asks nobody about it", () =>
    bench(({ add, lookUps, ring }) =>
      Effect.gen(function* () {
        yield* add(1)
        expect(yield* bears(ring, 1)).toBe(true)
        for (const wrong of [tokenAt(1, "t"), "", "elk_", `${tokenAt(1)}x`, tokenAt(1).slice(1)]) {
          expect(ring.known(wrong)).toEqual(Option.none())
          expect(yield* ring.authenticate(wrong)).toEqual(Option.none())
        }
        expect(lookUps()).toBe(1)
      }),
    ),
  )

  it.effect("refuses an expired key from that very millisecond on", () =>
    bench(({ add, pass, ring }) =>
      Effect.gen(function* () {
        yield* add(1, { expiresAt: 1_000_010 })
        expect(yield* bears(ring, 1)).toBe(true)
        pass(9)
        expect(yield* bears(ring, 1)).toBe(true)
        pass(1)
        expect(yield* bears(ring, 1)).toBe(false)
      }),
    ),
  )

  it.effect("forgets what is revoked, of one key, one namespace, or all", () =>
    bench(({ add, keys, ring }) =>
      Effect.gen(function* () {
        const forgetting = [
          () => ring.revoked(idAt(1)),
          () => ring.forget(namespace),
          () => ring.forget("all"),
        ]
        for (const forget of forgetting) {
          yield* add(1)
          ring.forget("all")
          // What is known to be unknown is no key that was made later: ids are drawn at random.
          expect(yield* bears(ring, 1)).toBe(true)
          forget()
          expect(ring.known(tokenAt(1))).toBeUndefined()
        }
        ring.forget(NamespaceName.make("b.example"))
        expect(yield* bears(ring, 1)).toBe(true)
        yield* keys.delete(namespace, idAt(1))
        ring.revoked(idAt(1))
        expect(yield* bears(ring, 1)).toBe(false)
      }),
    ),
  )

  it.effect("does not remember what was read before it was told to forget", () =>
    bench(({ add, keys, ring }) =>
      Effect.gen(function* () {
        yield* add(1)
        const slow = new KeyRing({
          keys: {
            ...keys,
            find: (id) =>
              Effect.tap(keys.find(id), () => Effect.sync(() => slow.forget(namespace))),
          },
          digest,
          now: () => 0,
        })
        expect(yield* bears(slow, 1)).toBe(true)
        expect(slow.known(tokenAt(1))).toBeUndefined()
        expect(yield* bears(ring, 1)).toBe(true)
      }),
    ),
  )

  it.effect(
    "asks a bounded number of times about keys that are not there, and about one once",
    () =>
      bench(({ add, lookUps, pass, ring }) =>
        Effect.gen(function* () {
          yield* add(1)
          expect(yield* bears(ring, 1)).toBe(true)
          for (let again = 0; again < 10; again++) expect(yield* bears(ring, 2)).toBe(false)
          expect(lookUps()).toBe(2)
          const tried = yield* Effect.forEach(Array.from({ length: 2000 }), (_, index) =>
            Effect.option(bears(ring, 10 + index)),
          )
          expect(tried.filter(Option.isSome).length).toBe(499)
          expect(lookUps()).toBe(501)
          const refused = yield* Effect.flip(bears(ring, 5000))
          expect(refused).toMatchObject({ _tag: "TooManyUnknownKeys", retryAfterMillis: 20 })
          // Who is known goes on, also when it is time to ask again.
          expect(yield* bears(ring, 1)).toBe(true)
          pass(31_000)
          for (let index = 0; index < 1000; index++) yield* Effect.option(bears(ring, 6000 + index))
          expect(yield* bears(ring, 1)).toBe(true)
        }),
      ),
  )

  it.effect("a failing store uses nothing up, and what is known holds a while longer", () =>
    bench(({ add, fail, pass, ring }) =>
      Effect.gen(function* () {
        yield* add(1)
        expect(yield* bears(ring, 1)).toBe(true)
        fail(true)
        for (let index = 0; index < 1000; index++) {
          expect((yield* Effect.flip(bears(ring, 100 + index)))._tag).toBe("StoreUnavailable")
        }
        pass(31_000)
        expect((yield* Effect.flip(bears(ring, 1)))._tag).toBe("StoreUnavailable")
        fail(false)
        expect(yield* bears(ring, 1)).toBe(true)
      }),
    ),
  )

  it.effect("notes in one write when keys were last used", () =>
    bench(({ add, keys, pass, ring }) =>
      Effect.gen(function* () {
        for (const index of [1, 2, 3]) yield* add(index)
        yield* bears(ring, 1)
        pass(5)
        yield* bears(ring, 1)
        yield* bears(ring, 2)
        yield* ring.note
        yield* ring.note
        const uses = yield* keys.list(namespace, { limit: 10 })
        expect(uses.map(({ lastUsedAt }) => lastUsedAt)).toEqual([1_000_005, 1_000_005, undefined])
      }),
    ),
  )

  it.effect("tells who stays when the key lapses: revoked here or elsewhere", () =>
    bench(({ add, keys, ring }) =>
      Effect.gen(function* () {
        const keyAt = (index: number) => Effect.map(keys.find(idAt(index)), Option.getOrThrow)
        const lapseOf = (index: number) =>
          Effect.flatMap(keyAt(index), ({ key }) => Effect.fork(ring.lapse(key)))
        for (const index of [1, 2, 3]) yield* add(index)
        const here = yield* lapseOf(1)
        const elsewhere = yield* lapseOf(2)
        const stays = yield* lapseOf(3)
        yield* keys.delete(namespace, idAt(1))
        ring.revoked(idAt(1))
        yield* Fiber.join(here)
        yield* keys.delete(namespace, idAt(2))
        ring.forget("all")
        yield* Fiber.join(elsewhere)
        ring.forget(namespace)
        yield* Effect.yieldNow()
        expect(Option.isNone(yield* Fiber.poll(stays))).toBe(true)

        const { key } = yield* keyAt(3)
        yield* keys.delete(namespace, idAt(3))
        // Revoked before anybody waited for it.
        yield* ring.lapse(key)
      }),
    ),
  )

  it.effect("a key that expires in a month lapses in a month", () =>
    Effect.gen(function* () {
      const day = 24 * 60 * 60 * 1_000
      yield* bench(({ add, keys, pass, ring }) =>
        Effect.gen(function* () {
          yield* add(1, { expiresAt: 1_000_000 + 30 * day })
          const { key } = yield* Effect.map(keys.find(idAt(1)), Option.getOrThrow)
          const lapse = yield* Effect.fork(ring.lapse(key))
          for (let passed = 0; passed < 29; passed++) {
            pass(day)
            yield* TestClock.adjust(day)
          }
          expect(Option.isNone(yield* Fiber.poll(lapse))).toBe(true)
          pass(day)
          yield* TestClock.adjust(day)
          yield* Fiber.join(lapse)
        }),
      )
    }),
  )
})
