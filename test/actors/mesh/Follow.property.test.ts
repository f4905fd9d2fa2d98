// Following a namespace, whatever happens meanwhile: what a reader was given, over all its
// connections, is exactly the journal's matching events in order.

import { Effect, Either, Exit, Fiber, Option, Scope } from "effect"
import fc from "fast-check"
import { expect, it } from "vitest"
import { origin, parseTypePattern, type Sequence } from "../../../src/domain/index.js"
import type { Followed } from "../../../src/actors/index.js"
import { Fault } from "../../support/StoreFaults.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

type Action =
  | { readonly do: "publish"; readonly types: ReadonlyArray<string>; readonly wait: boolean }
  | { readonly do: "ephemeral" | "reconnect" | "restart" }
  | { readonly do: "pass"; readonly millis: number }
  | { readonly do: "pace"; readonly millis: number }
  | { readonly do: "slow"; readonly what: "append" | "read"; readonly answer: boolean }
  | { readonly do: "fail"; readonly what: "append" | "read"; readonly after: boolean }

const type = fc.constantFrom("a", "a.x", "b")
const what = fc.constantFrom("append" as const, "read" as const)
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      types: fc.array(type, { minLength: 1, maxLength: 9 }),
      wait: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      millis: fc.integer({ min: 0, max: 50 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("ephemeral", "reconnect") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("pace" as const),
      millis: fc.constantFrom(0, 0, 3, 20),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("slow" as const), what, answer: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("fail" as const), what, after: fc.boolean() }),
  },
) as fc.Arbitrary<Action>

/** A client that reads at its own pace and, cut off, goes on after what it has been given. */
class Client {
  readonly read: Array<Sequence> = []
  position: Sequence | undefined
  ephemeral = 0
  dropped = 0
  paceMillis = 0
  #connection:
    | { readonly scope: Scope.CloseableScope; readonly fiber: Fiber.Fiber<unknown, unknown> }
    | undefined
  readonly #t: TestMesh
  readonly #ns: TestNamespace

  constructor(t: TestMesh, ns: TestNamespace, after: Sequence | undefined) {
    this.#t = t
    this.#ns = ns
    this.position = after
  }

  get connect(): Effect.Effect<void, unknown> {
    return Effect.gen(this, function* () {
      const scope = yield* Scope.make()
      const open = Scope.extend(
        this.#t.mesh.events.reader(this.#ns.name, { after: this.position, types: [patternA] }),
        scope,
      )
      const reader = yield* this.#t.simulation.finish(Effect.retry(open, { times: 5 }))
      this.position ??= reader.start
      const loop = Effect.forever(
        // Now and then it looks without a reason, for how far it has come.
        Effect.timeoutOption(reader.ready, "1 second").pipe(
          Effect.zipRight(Effect.flatMap(reader.next, (followed) => this.#take(followed))),
          Effect.zipRight(Effect.suspend(() => Effect.sleep(this.paceMillis))),
        ),
      )
      this.#connection = { scope, fiber: yield* Effect.forkDaemon(loop) }
    })
  }

  get disconnect(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const connection = this.#connection
      this.#connection = undefined
      return connection === undefined
        ? Effect.void
        : this.#t.simulation.finish(
            Effect.zipRight(
              Fiber.interrupt(connection.fiber),
              Scope.close(connection.scope, Exit.void),
            ),
          )
    })
  }

  #take({ dropped, end, events, expired, position }: Followed): Effect.Effect<void> {
    for (const { sequence } of events) {
      if (sequence === 0) this.ephemeral++
      else this.read.push(sequence)
    }
    expect(expired).toBe(0)
    this.position = position
    this.dropped += dropped
    return end === undefined ? Effect.void : Effect.never
  }
}

const patternA = Either.getOrThrow(parseTypePattern("a"))

const play = (actions: ReadonlyArray<Action>, fromStart: boolean) =>
  TestMesh.run(
    (t) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        yield* ns.publish(["e0", "e1"], { type: "a" })
        const client = new Client(t, ns, fromStart ? origin : undefined)
        yield* client.connect
        const start = client.position ?? origin
        let id = 2
        let ephemeral = 0
        for (const action of actions) {
          switch (action.do) {
            case "publish": {
              const events = action.types.flatMap((type) => ns.events([`e${id++}`], { type }))
              const publish = Effect.forkDaemon(Effect.exit(t.mesh.publish(ns.name, events)))
              const fiber = yield* publish
              if (action.wait) yield* t.simulation.finish(Fiber.join(fiber))
              break
            }
            case "ephemeral":
              yield* Effect.exit(ns.publish([`x${id++}`], { type: "a" }, "ephemeral"))
              ephemeral++
              break
            case "reconnect":
              yield* client.disconnect
              yield* client.connect
              break
            case "restart":
              yield* client.disconnect
              yield* t.restart
              yield* client.connect
              break
            case "pass":
              yield* t.simulation.advance(action.millis)
              break
            case "pace":
              client.paceMillis = action.millis
              break
            case "slow":
              yield* t.faults.next(
                `Journal.${action.what}`,
                Fault.Delay({ duration: 10, answer: action.answer }),
              )
              break
            case "fail":
              yield* t.faults.next(
                `Journal.${action.what}`,
                action.after ? Fault.FailAfter() : Fault.FailBefore(),
              )
          }
        }
        yield* t.faults.heal
        client.paceMillis = 0
        yield* t.simulation.advance("10 seconds")
        const { events } = yield* t.simulation.finish(
          t.mesh.events.read(ns.name, { after: start, limit: 10_000, types: [patternA] }),
        )
        expect(client.read).toEqual(events.map(({ sequence }) => sequence))
        expect(client.position).toBe(yield* headOf(t, ns))
        expect(client.ephemeral + client.dropped).toBeLessThanOrEqual(ephemeral)
        yield* client.disconnect
        expect((yield* t.mesh.metrics).followers).toBe(0)
      }),
    { streamBuffer: 4, streamBytes: 400 },
  )

const headOf = (t: TestMesh, ns: TestNamespace) =>
  Effect.map(
    t.simulation.finish(t.mesh.events.read(ns.name, { after: origin, limit: 10_000 })),
    (all) => Option.getOrUndefined(Option.fromNullable(all.events.at(-1)?.sequence)),
  )

const runs = Number(process.env["EVENTLOOM_FOLLOW_RUNS"] ?? 40)

it(
  "gives the journal's matching events in order, once each, over any number of connections",
  () =>
    fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 40 }), fc.boolean(), play), {
      numRuns: runs,
      ...(runs > 40 ? {} : { seed: 7 }),
    }),
  600_000,
)
