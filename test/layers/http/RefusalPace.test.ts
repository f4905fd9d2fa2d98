import { expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { NamespaceName } from "../../../src/domain/index.js"
import { makeRefusalPace } from "../../../src/layers/http/RefusalPace.js"

const [a, b] = [NamespaceName.make("a.example"), NamespaceName.make("b.example")]

/** Asks for so many refusals of each namespace at once; answers after which of so many milliseconds each came. */
const answered = (counts: ReadonlyMap<NamespaceName, number>, withinMillis: number) =>
  Effect.gen(function* () {
    const pace = yield* makeRefusalPace
    const clock = yield* Effect.clock
    const start = clock.unsafeCurrentTimeMillis()
    const times = new Map<NamespaceName, Array<number>>()
    for (const [namespace, count] of counts) {
      const came: Array<number> = []
      times.set(namespace, came)
      for (let refusal = 0; refusal < count; refusal++) {
        pace.inTurn(namespace, () => came.push(clock.unsafeCurrentTimeMillis() - start))
      }
    }
    for (let millis = 0; millis < withinMillis; millis += 5) yield* TestClock.adjust("5 millis")
    return times
  })

it.scoped("one refusal of a namespace is answered every five milliseconds, the first at once", () =>
  Effect.map(
    answered(
      new Map([
        [a, 51],
        [b, 1],
      ]),
      250,
    ),
    (times) => {
      expect(times.get(a)).toEqual(Array.from({ length: 51 }, (_, round) => 5 * round))
      expect(times.get(b)).toEqual([0])
    },
  ),
)

it.scoped(
  "all are answered, in their order, and none waits for longer than a quarter of a second",
  () =>
    Effect.gen(function* () {
      const counts = [2, 50, 51, 52, 101, 102, 5_000]
      const asked = counts.map((count) => [NamespaceName.make(`n${count}.example`), count] as const)
      const times = yield* answered(new Map(asked), 250)
      for (const [namespace, count] of asked) {
        const came = times.get(namespace) ?? []
        expect(came).toHaveLength(count)
        expect(came).toEqual(came.toSorted((one, other) => one - other))
        expect(came.at(-1)).toBeLessThanOrEqual(250)
      }
    }),
)

it.scoped("who is refused again after a while is answered at once again", () =>
  Effect.gen(function* () {
    const pace = yield* makeRefusalPace
    let answers = 0
    for (let refusal = 0; refusal < 3; refusal++) {
      yield* pace.turn(a)
      answers++
      yield* TestClock.adjust("10 millis")
    }
    expect(answers).toBe(3)
  }),
)
