import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, FastCheck as fc, Fiber, TestClock, TestContext } from "effect"
import { defaultRetryPolicy, Outcome, Wal } from "../../../src/domain/index.js"
import { type Failure, OrderedDelivery } from "../../../src/layers/wal2http/OrderedDelivery.js"
import type { Parcel } from "../../../src/layers/wal2http/ParcelSink.js"

const failed = (status: number): Outcome =>
  Outcome.withStatus(
    status < 500 ? Outcome.reject(`HTTP ${status}`) : Outcome.retry(`HTTP ${status}`),
    status,
  )

/** A transaction of so many changes, told of by a beginning and an end. */
const transaction = (number: number, changes: number): ReadonlyArray<Parcel> => {
  const parcel = (name: string, isChange: boolean) => {
    const key = `${number}.${name}`
    return { key, isChange, json: JSON.stringify(key) }
  }
  const rows = Array.from({ length: changes }, (_, index) => parcel(String(index), true))
  return [parcel("begin", false), ...rows, parcel("commit", false)]
}

interface Script {
  readonly answer: (key: string, attempt: number) => Outcome
  readonly keeps?: (attempt: number) => boolean
  readonly isOverLimit?: () => boolean
  readonly triesRejectedAgain?: boolean
}

/** A delivery with what it did. */
const start = ({ answer, isOverLimit, keeps, triesRejectedAgain = true }: Script) =>
  Effect.gen(function* () {
    const attempts: Array<string> = []
    const delivered: Array<string> = []
    const setAside: Array<string> = []
    const confirmed: Array<bigint> = []
    let keeping = 0
    let failing = 0
    const delivery = yield* OrderedDelivery.make<Parcel>({
      sink: {
        name: "test",
        triesRejectedAgain,
        send: ({ key }) =>
          Effect.sync(() => {
            attempts.push(key)
            const outcome = answer(key, attempts.length)
            if (outcome._tag === "Delivered") delivered.push(key)
            return outcome
          }),
      },
      policy: { ...defaultRetryPolicy, initial: Duration.millis(1), max: Duration.millis(8) },
      setAside: ({ parcel }: Failure<Parcel>) =>
        Effect.sync(() => {
          if (keeps?.(++keeping) === false) return false
          setAside.push(parcel.key)
          return true
        }),
      failing: () =>
        Effect.sync(() => {
          failing++
        }),
      recovered: Effect.void,
      isOverLimit: isOverLimit ?? (() => false),
    })
    const give = (items: ReadonlyArray<Parcel>, place: bigint | undefined) =>
      delivery.deliver(
        { items, place: place === undefined ? undefined : Wal.Lsn.make(place) },
        () => {
          if (place !== undefined) confirmed.push(place)
        },
      )
    const fiber = yield* Effect.fork(delivery.run)
    return {
      attempts,
      delivered,
      setAside,
      confirmed,
      delivery,
      fiber,
      give,
      failing: () => failing,
    }
  })

/** Lets time pass until it is so. */
const until = (isSo: () => boolean) =>
  Effect.iterate(0, {
    while: (turn) => turn < 10_000 && !isSo(),
    body: (turn) => Effect.as(TestClock.adjust(Duration.millis(10)), turn + 1),
  })

const always = Outcome.delivered()
const rowsOf = (keys: ReadonlyArray<string>) => keys.filter((key) => /\d$/.test(key))

/** The deliveries that count: of what came again, the last. */
const settled = (keys: ReadonlyArray<string>) =>
  keys.filter((key, index) => keys.lastIndexOf(key) === index)

describe("delivery in order", () => {
  it.effect("delivers everything once, in order, and confirms each transaction after its end", () =>
    Effect.gen(function* () {
      const rig = yield* start({ answer: () => always })
      yield* rig.give(transaction(1, 2), 1n)
      yield* rig.give(transaction(2, 1), 2n)
      yield* until(() => rig.confirmed.length === 2)
      expect(rig.attempts).toEqual([
        "1.begin",
        "1.0",
        "1.1",
        "1.commit",
        "2.begin",
        "2.0",
        "2.commit",
      ])
      expect(rig.confirmed).toEqual([1n, 2n])
    }),
  )

  it.effect("waits out an outage of whatever kind, and loses and reorders nothing", () =>
    Effect.gen(function* () {
      for (const down of [
        failed(500),
        failed(503),
        Outcome.retry("refused"),
        Outcome.gone("410"),
      ]) {
        const rig = yield* start({
          answer: (_, attempt) => (attempt > 3 && attempt < 90 ? down : always),
        })
        yield* rig.give(transaction(1, 3), 1n)
        yield* rig.give(transaction(2, 3), 2n)
        yield* until(() => rig.confirmed.length === 2)
        expect(rig.setAside).toEqual([])
        expect(rig.failing()).toBeGreaterThan(0)
        expect(settled(rig.delivered)).toEqual(
          [...transaction(1, 3), ...transaction(2, 3)].map(({ key }) => key),
        )
        yield* Fiber.interrupt(rig.fiber)
      }
    }),
  )

  it.effect("sets aside what is rejected after its attempts, and goes on", () =>
    Effect.gen(function* () {
      const rig = yield* start({ answer: (key) => (key === "1.1" ? failed(422) : always) })
      yield* rig.give(transaction(1, 3), 1n)
      yield* until(() => rig.confirmed.length === 1)
      expect(rig.setAside).toEqual(["1.1"])
      expect(rig.attempts.filter((key) => key === "1.1")).toHaveLength(5)
      expect(rig.delivered).toEqual(["1.begin", "1.0", "1.2", "1.commit"])
    }),
  )

  it.effect("sets aside at once where a sink's rejection is its last word", () =>
    Effect.gen(function* () {
      const rig = yield* start({
        answer: (key) => (key === "1.0" ? failed(400) : always),
        triesRejectedAgain: false,
      })
      yield* rig.give(transaction(1, 1), 1n)
      yield* until(() => rig.confirmed.length === 1)
      expect(rig.attempts.filter((key) => key === "1.0")).toHaveLength(1)
    }),
  )

  it.effect("finds the one event that a sink fails at, when it takes what comes next", () =>
    Effect.gen(function* () {
      const rig = yield* start({ answer: (key) => (key === "1.0" ? failed(500) : always) })
      yield* rig.give(transaction(1, 1), 1n)
      yield* until(() => rig.failing() >= 3)
      // Nothing else has come: nobody can tell yet.
      expect(rig.setAside).toEqual([])
      expect(rig.confirmed).toEqual([])
      yield* rig.give(transaction(2, 2), 2n)
      yield* until(() => rig.confirmed.length === 2)
      expect(rig.setAside).toEqual(["1.0"])
      // What was taken last is sent again first, to see whether the sink takes anything.
      expect(rig.delivered).toEqual([
        "1.begin",
        "1.begin",
        "1.commit",
        "2.begin",
        "2.0",
        "2.1",
        "2.commit",
      ])
    }),
  )

  it.effect("what is repeated is never older than what the sink has", () =>
    Effect.gen(function* () {
      const rig = yield* start({ answer: (key) => (/\.[13]$/.test(key) ? failed(500) : always) })
      yield* rig.give(transaction(1, 5), 1n)
      yield* until(() => rig.confirmed.length === 1)
      expect(rig.setAside).toEqual(["1.1", "1.3"])
      expect(rowsOf(rig.delivered)).toEqual(["1.0", "1.0", "1.2", "1.2", "1.4"])
    }),
  )

  it.effect("finds a beginning or an end that a sink fails at, too", () =>
    Effect.gen(function* () {
      for (const bad of ["1.begin", "1.commit"]) {
        const rig = yield* start({ answer: (key) => (key === bad ? failed(500) : always) })
        yield* rig.give(transaction(1, 1), 1n)
        yield* rig.give(transaction(2, 1), 2n)
        yield* until(() => rig.confirmed.length === 2)
        expect(rig.setAside).toEqual([bad])
        expect(rowsOf(settled(rig.delivered))).toEqual(["1.0", "2.0"])
        yield* Fiber.interrupt(rig.fiber)
      }
    }),
  )

  it.effect("does not blame an event for an outage, whenever that ends", () =>
    Effect.gen(function* () {
      for (let end = 6; end < 20; end++) {
        const rig = yield* start({
          answer: (_, attempt) => (attempt > 1 && attempt <= end ? failed(500) : always),
        })
        yield* rig.give(transaction(1, 3), 1n)
        yield* until(() => rig.confirmed.length === 1)
        expect(rig.setAside).toEqual([])
        // Nor does anything overtake it.
        const rows = rowsOf(rig.delivered)
        expect(rows.filter((key, index) => rows.indexOf(key) === index)).toEqual([
          "1.0",
          "1.1",
          "1.2",
        ])
        yield* Fiber.interrupt(rig.fiber)
      }
    }),
  )

  it.effect("a sink that refuses a repetition is not out", () =>
    Effect.gen(function* () {
      const seen = new Set<string>()
      const rig = yield* start({
        answer: (key) => {
          if (key === "1.1") return failed(500)
          if (seen.has(key)) return failed(409)
          seen.add(key)
          return always
        },
      })
      yield* rig.give(transaction(1, 3), 1n)
      yield* until(() => rig.confirmed.length === 1)
      expect(rig.setAside).toEqual(["1.1"])
      expect(rowsOf(rig.delivered)).toEqual(["1.0", "1.2"])
    }),
  )

  it.effect(
    "an event that can neither be delivered nor kept is tried until it is one of them",
    () =>
      Effect.gen(function* () {
        const rig = yield* start({
          answer: (key) => (key === "1.0" ? failed(400) : always),
          keeps: (attempt) => attempt === 3,
        })
        yield* rig.give(transaction(1, 1), 1n)
        yield* until(() => rig.confirmed.length === 1)
        expect(rig.setAside).toEqual(["1.0"])
        expect(rig.attempts.filter((key) => key === "1.0")).toHaveLength(7)
      }),
  )

  it.effect("beyond the limit of the log, an outage sets aside what it cannot deliver", () =>
    Effect.gen(function* () {
      let isOver = false
      const rig = yield* start({ answer: () => failed(503), isOverLimit: () => isOver })
      yield* rig.give(transaction(1, 1), 1n)
      yield* until(() => rig.failing() >= 3)
      expect(rig.setAside).toEqual([])
      isOver = true
      yield* until(() => rig.confirmed.length === 1)
      expect(rig.setAside).toEqual(["1.begin", "1.0", "1.commit"])
    }),
  )

  it.effect("a stop lets the transaction under way end, and begins none", () =>
    Effect.gen(function* () {
      const rig = yield* start({ answer: () => always })
      const [begin, row, commit] = transaction(1, 1)
      if (begin === undefined || row === undefined || commit === undefined) return
      yield* rig.give([begin, row], undefined)
      yield* until(() => rig.attempts.length === 2)
      yield* rig.delivery.stop
      yield* rig.give([commit], 1n)
      yield* Fiber.join(rig.fiber)
      expect(rig.confirmed).toEqual([1n])
      yield* rig.give(transaction(2, 1), 2n)
      expect(rig.attempts).toHaveLength(3)
    }),
  )

  it.effect("a stop does not wait for a sink that is out, nor while there is nothing to do", () =>
    Effect.gen(function* () {
      const out = yield* start({ answer: () => failed(503) })
      yield* out.give(transaction(1, 1), 1n)
      yield* until(() => out.failing() > 0)
      yield* out.delivery.stop
      yield* Fiber.join(out.fiber)
      expect(out.confirmed).toEqual([])
      const idle = yield* start({ answer: () => always })
      yield* idle.delivery.stop
      yield* Fiber.join(idle.fiber)
    }),
  )

  it.live("a sink that is done at once leaves others their turn", () =>
    Effect.gen(function* () {
      const rig = yield* start({ answer: () => always })
      let turns = 0
      const count = () => {
        turns++
        immediate = setImmediate(count)
      }
      let immediate = setImmediate(count)
      yield* rig.give(transaction(1, 5000), 1n)
      yield* rig.give([], 2n)
      yield* rig.give([], 3n)
      clearImmediate(immediate)
      expect(rig.confirmed).toContain(1n)
      expect(turns).toBeGreaterThan(20)
    }),
  )

  const scripts = fc.record({
    transactions: fc.array(fc.nat(4), { minLength: 1, maxLength: 8 }),
    poison: fc.array(fc.tuple(fc.nat(8), fc.nat(4), fc.constantFrom(400, 500)), { maxLength: 3 }),
    outage: fc.tuple(fc.nat(30), fc.nat(60), fc.constantFrom(500, 503)),
  })

  it.effect("whatever is poison and whenever the sink is out: the rest arrives, in order", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          scripts,
          async ({ outage: [from, length, status], poison, transactions }) => {
            const bad = new Map(poison.map(([tx, row, code]) => [`${tx}.${row}`, code]))
            const sizes = [...transactions, 1]
            const last = sizes.length - 1
            bad.delete(`${last}.0`)
            const all = sizes.map((size, number) => transaction(number, size))
            const run = Effect.gen(function* () {
              const rig = yield* start({
                answer: (key, attempt) => {
                  if (attempt > from && attempt <= from + length) return failed(status)
                  const code = bad.get(key)
                  return code === undefined ? always : failed(code)
                },
              })
              yield* Effect.fork(
                Effect.forEach(all, (parcels, number) => rig.give(parcels, BigInt(number))),
              )
              yield* until(() => rig.confirmed.length === all.length)
              yield* Fiber.interrupt(rig.fiber)
              return rig
            })
            const rig = await Effect.runPromise(Effect.provide(run, TestContext.TestContext))
            const keys = rowsOf(all.flat().map(({ key }) => key))
            expect(rig.confirmed).toEqual(all.map((_, number) => BigInt(number)))
            expect(rig.setAside.toSorted()).toEqual(keys.filter((key) => bad.has(key)).toSorted())
            const good = keys.filter((key) => !bad.has(key))
            if (bad.size > 0) {
              expect(new Set(rowsOf(rig.delivered))).toEqual(new Set(good))
              return
            }
            const rows = rowsOf(rig.delivered)
            expect(settled(rows)).toEqual(good)
            // Before anything was taken nothing can be repeated, and what comes next may come first.
            if (from === 0) return
            expect(rows.filter((key, index) => rows.indexOf(key) === index)).toEqual(good)
          },
        ),
        { numRuns: 40, examples: [[{ transactions: [1], poison: [], outage: [0, 6, 500] }]] },
      ),
    ),
  )
})
