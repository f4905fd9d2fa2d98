// A script of faults for the operations of a store: which calls fail, before or after their work was
// done, are delayed on the Clock, or held until released. Deterministic: nothing happens by chance.

import { Context, Data, Deferred, type Duration, Effect, Ref } from "effect"
import {
  type AuditLog,
  type DeliveryLog,
  type Invalidation,
  type Journal,
  type Keys,
  type Registry,
  type Removals,
  type EventTypes,
  type SigningKeys,
  type Replays,
  type Sources,
  StoreUnavailable,
} from "../../src/actors/index.js"

type Operations<Name extends string, Port> = `${Name}.${keyof Port & string}`

/** Every operation that answers once; the stream of invalidations is left alone. */
export type StoreOperation =
  | Operations<"Journal", typeof Journal.Service>
  | Operations<"Registry", typeof Registry.Service>
  | Operations<"DeliveryLog", typeof DeliveryLog.Service>
  | Operations<"Removals", typeof Removals.Service>
  | Operations<"EventTypes", typeof EventTypes.Service>
  | Operations<"SigningKeys", typeof SigningKeys.Service>
  | Operations<"Keys", typeof Keys.Service>
  | Operations<"AuditLog", typeof AuditLog.Service>
  | Operations<"Replays", typeof Replays.Service>
  | Operations<"Sources", typeof Sources.Service>
  | Exclude<Operations<"Invalidation", typeof Invalidation.Service>, "Invalidation.invalidations">

export type Fault = Data.TaggedEnum<{
  /** Fails with `StoreUnavailable`; nothing was done. */
  FailBefore: {}
  /** Is done, and fails with `StoreUnavailable`: the caller cannot know. */
  FailAfter: {}
  /** Is done after a time of the Clock, or is done at once and answers after that time. */
  Delay: { readonly duration: Duration.DurationInput; readonly answer?: boolean }
  /** Waits for a release, before or after its work is done. */
  Hold: { readonly when: "before" | "after"; readonly gate: Gate }
  /** Dies, as it does for a bug. */
  Die: {}
  /** Goes well: for a place in a queue of faults. */
  Pass: {}
}>
export const Fault = Data.taggedEnum<Fault>()

interface Gate {
  readonly reached: Deferred.Deferred<void>
  readonly released: Deferred.Deferred<void>
}

interface Script {
  /** Faults of the next calls, one each, first come first. */
  readonly queues: ReadonlyMap<StoreOperation, ReadonlyArray<Fault>>
  /** Faults of every further call. */
  readonly standing: ReadonlyMap<StoreOperation | "everything", Fault>
  readonly calls: ReadonlyMap<StoreOperation, number>
}

const noFaults: Script = { queues: new Map(), standing: new Map(), calls: new Map() }
const pass = Fault.Pass()

export interface StoreFaultsService {
  /** The next calls of an operation meet these faults, one each. */
  readonly next: (operation: StoreOperation, ...faults: ReadonlyArray<Fault>) => Effect.Effect<void>
  /** Every call meets this fault, unless a queued one comes first. "everything" is an outage. */
  readonly always: (operation: StoreOperation | "everything", fault: Fault) => Effect.Effect<void>
  /** Takes back every fault that was not met. What is held stays held. */
  readonly heal: Effect.Effect<void>
  /** Holds the next call of an operation. `reached` waits for it, `release` lets it go on. */
  readonly hold: (
    operation: StoreOperation,
    when: "before" | "after",
  ) => Effect.Effect<{
    readonly reached: Effect.Effect<void>
    readonly release: Effect.Effect<void>
  }>
  /** How often an operation was called. */
  readonly calls: (operation: StoreOperation) => Effect.Effect<number>
  /** Puts an operation under the script. */
  readonly around: <A>(
    operation: StoreOperation,
    effect: Effect.Effect<A, StoreUnavailable>,
  ) => Effect.Effect<A, StoreUnavailable>
}

export class StoreFaults extends Context.Tag("test/StoreFaults")<
  StoreFaults,
  StoreFaultsService
>() {
  /** A script without faults. Made apart from the layers, it outlives them as the state does. */
  static readonly make: Effect.Effect<StoreFaultsService> = Effect.map(
    Ref.make(noFaults),
    (script): StoreFaultsService => {
      const next: StoreFaultsService["next"] = (operation, ...faults) =>
        Ref.update(script, (now) => ({
          ...now,
          queues: new Map(now.queues).set(operation, [
            ...(now.queues.get(operation) ?? []),
            ...faults,
          ]),
        }))
      return {
        next,
        always: (operation, fault) =>
          Ref.update(script, (now) => ({
            ...now,
            standing: new Map(now.standing).set(operation, fault),
          })),
        heal: Ref.update(script, ({ calls }) => ({ ...noFaults, calls })),
        hold: (operation, when) =>
          Effect.gen(function* () {
            const reached = yield* Deferred.make<void>()
            const released = yield* Deferred.make<void>()
            yield* next(operation, Fault.Hold({ when, gate: { reached, released } }))
            return {
              reached: Deferred.await(reached),
              release: Effect.asVoid(Deferred.succeed(released, undefined)),
            }
          }),
        calls: (operation) => Effect.map(Ref.get(script), ({ calls }) => calls.get(operation) ?? 0),
        around: (operation, effect) =>
          Effect.flatMap(
            Ref.modify(script, (now) => meet(now, operation)),
            (fault) => suffer(fault, operation, effect),
          ),
      }
    },
  )
}

/** The fault that a call meets, and the script after it. */
const meet = (script: Script, operation: StoreOperation): readonly [Fault, Script] => {
  const [queued, ...rest] = script.queues.get(operation) ?? []
  const fault =
    queued ?? script.standing.get(operation) ?? script.standing.get("everything") ?? pass
  const calls = new Map(script.calls).set(operation, (script.calls.get(operation) ?? 0) + 1)
  return [fault, { ...script, calls, queues: new Map(script.queues).set(operation, rest) }]
}

const suffer = <A>(
  fault: Fault,
  operation: StoreOperation,
  effect: Effect.Effect<A, StoreUnavailable>,
): Effect.Effect<A, StoreUnavailable> =>
  Fault.$match(fault, {
    FailBefore: () => Effect.fail(unavailable(operation, "nothing was done")),
    FailAfter: () => Effect.zipRight(effect, Effect.fail(unavailable(operation, "no answer came"))),
    Delay: ({ duration, answer }) =>
      answer === true
        ? Effect.zipLeft(effect, Effect.sleep(duration))
        : Effect.delay(effect, duration),
    Hold: ({ when, gate }) => {
      const wait = Effect.zipRight(
        Deferred.succeed(gate.reached, undefined),
        Deferred.await(gate.released),
      )
      return when === "before" ? Effect.zipRight(wait, effect) : Effect.zipLeft(effect, wait)
    },
    Die: () => Effect.die(new Error(`${operation} has a bug`)),
    Pass: () => effect,
  })

const unavailable = (operation: StoreOperation, reason: string) =>
  new StoreUnavailable({ operation, reason })
