// Laws of invalidation: what is broadcast reaches every listener, here and in other processes.

import { describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Ref, Schedule, Stream } from "effect"
import { Invalidation } from "../../src/actors/index.js"
import type { NamespaceName } from "../../src/domain/index.js"
import { freshNamespaces, lawSuite, lawTimeout, type StoreHarness } from "./StoreHarness.js"

export const invalidationLaws = (name: string, harness: StoreHarness): void => {
  lawSuite(`${name}: invalidation`, harness, (it) => {
    it.scoped("what is broadcast reaches every listener of this process", () =>
      Effect.gen(function* () {
        const invalidation = yield* Invalidation
        yield* reachesAll(invalidation, [invalidation, invalidation])
      }),
    )

    it.scoped("a listener that leaves does not hold up the others", () =>
      Effect.gen(function* () {
        const invalidation = yield* Invalidation
        const { name } = yield* freshNamespaces
        yield* Effect.scoped(listening(invalidation, invalidation, name("leaver")))
        yield* reachesAll(invalidation, [invalidation])
      }),
    )
  })

  if (!harness.processes) return
  describe(`${name}: invalidation between processes`, () => {
    it.scopedLive(
      "what is broadcast reaches the other process, both ways",
      () =>
        Effect.gen(function* () {
          const { open, otherProcess = Layer.die("the place has no other process") } =
            yield* harness.place
          const here = Context.get(yield* Layer.build(open), Invalidation)
          const there = Context.get(yield* Layer.build(otherProcess), Invalidation)
          yield* reachesAll(here, [here, there])
          yield* reachesAll(there, [here, there])
        }),
      lawTimeout,
    )
  })
}

type Heard = Ref.Ref<ReadonlySet<string>>

const hears = (heard: Heard, name: NamespaceName) =>
  Effect.map(Ref.get(heard), (names) => names.has(name) || names.has("all"))

/** Collects what a listener hears. Answers when it listens, which a first broadcast shows. */
const listening = (
  listener: typeof Invalidation.Service,
  speaker: typeof Invalidation.Service,
  signal: NamespaceName,
) =>
  Effect.gen(function* () {
    const heard: Heard = yield* Ref.make<ReadonlySet<string>>(new Set())
    yield* Effect.forkScoped(
      Stream.runForEach(listener.invalidations, (name) =>
        Ref.update(heard, (names) => new Set([...names, name])),
      ),
    )
    yield* eventually(Effect.zipRight(speaker.broadcast(signal), hears(heard, signal)))
    return heard
  })

const eventually = <E>(holds: Effect.Effect<boolean, E>) =>
  holds.pipe(
    Effect.repeat({ until: (yes) => yes, schedule: Schedule.spaced("5 millis") }),
    Effect.timeout("10 seconds"),
  )

/** Every listener, once it listens, hears everything that the speaker says. */
const reachesAll = (
  speaker: typeof Invalidation.Service,
  listeners: ReadonlyArray<typeof Invalidation.Service>,
) =>
  Effect.gen(function* () {
    const { name } = yield* freshNamespaces
    const all = yield* Effect.forEach(listeners, (listener) =>
      listening(listener, speaker, name("signal")),
    )
    const said = Array.from({ length: 50 }, (_, index) => name(String(index)))
    for (const namespace of said) yield* speaker.broadcast(namespace)
    for (const heard of all)
      for (const namespace of said) yield* eventually(hears(heard, namespace))
  })
