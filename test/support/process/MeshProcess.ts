// A process with a mesh in it, made of the public API only, that does what its parent says over IPC.
//
// SIGTERM ends it as it would end a server: the scope is closed, which drains deliveries in flight.

import { NodeRuntime } from "@effect/platform-node"
import {
  Clock,
  Context,
  Duration,
  Effect,
  Either,
  Layer,
  Logger,
  LogLevel,
  Redacted,
  Runtime,
  Schema,
} from "effect"
import {
  defaultBreakerPolicy,
  Mesh,
  type MeshService,
  NamespaceName,
  parseCloudEvent,
  Removals,
  SinkName,
  SubscriptionName,
  SubscriptionSpec,
} from "eventloom"
import * as SingleProcess from "eventloom/single-process"
import * as EmbeddedStore from "eventloom/stores/embedded"
import * as PostgresStore from "eventloom/stores/postgres"
import { AesVault } from "eventloom/vault"
import {
  type Command,
  type CutOffRemovals,
  type Message,
  type ProcessOptions,
  ProcessOptionsText,
  Request,
  type Standing,
} from "./Protocol.js"

const say = (message: Message): void => {
  // The parent may be gone at any time; then nobody is there to be told.
  process.send?.(message, undefined, undefined, () => {})
}

/** The real clock, set off by some milliseconds: as when the time of the machine is set. */
const clockOff = { millis: 0 }
const real = Clock.make()
const settableClock: Clock.Clock = {
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: () => real.unsafeCurrentTimeMillis() + clockOff.millis,
  currentTimeMillis: Effect.sync(() => real.unsafeCurrentTimeMillis() + clockOff.millis),
  unsafeCurrentTimeNanos: () => real.unsafeCurrentTimeNanos(),
  currentTimeNanos: real.currentTimeNanos,
  sleep: (duration) => real.sleep(duration),
}

const storeOf = ({ store }: ProcessOptions) =>
  store._tag === "Embedded"
    ? EmbeddedStore.layer({ dataDir: store.dataDir })
    : PostgresStore.layer({ url: Redacted.make(store.url), schema: store.schema })

const namespaceOf = ({ namespace }: { readonly namespace: string }) =>
  Schema.decode(NamespaceName)(namespace)

const subscriptionOf = ({ subscription }: { readonly subscription: string }) =>
  Schema.decode(SubscriptionName)(subscription)

const serve = (mesh: MeshService) => (command: Command) =>
  Effect.gen(function* () {
    switch (command._tag) {
      case "PutNamespace":
        return (yield* mesh.namespaces.put(yield* namespaceOf(command))).created
      case "PutSink": {
        const sink = yield* Schema.decode(SinkName)(command.sink)
        return (yield* mesh.sinks.put(yield* namespaceOf(command), sink, command.input)).created
      }
      case "PutSubscription": {
        const subscription = yield* subscriptionOf(command)
        const spec = yield* Schema.decodeUnknown(SubscriptionSpec)(command.spec)
        const namespace = yield* namespaceOf(command)
        return (yield* mesh.subscriptions.put(namespace, subscription, spec)).created
      }
      case "Pause": {
        const subscription = yield* subscriptionOf(command)
        return (yield* mesh.subscriptions.pause(yield* namespaceOf(command), subscription)).state
      }
      case "Resume": {
        const subscription = yield* subscriptionOf(command)
        return (yield* mesh.subscriptions.resume(yield* namespaceOf(command), subscription)).state
      }
      case "Publish": {
        const events = yield* Either.all(command.events.map((event) => parseCloudEvent(event)))
        const receipts = yield* mesh.publish(yield* namespaceOf(command), events)
        return receipts.map(({ id, sequence, duplicate }) => ({ id, sequence, duplicate }))
      }
      case "Remove": {
        const wait = command.waitMillis
        return yield* mesh.namespaces.remove(yield* namespaceOf(command), { wait })
      }
      case "Standing":
        return yield* standing(mesh, command.namespaces)
      case "SetClockOff":
        return yield* Effect.sync(() => {
          clockOff.millis = command.millis
          return null
        })
    }
  })

const standing = (mesh: MeshService, namespaces: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const subscriptions: Array<Standing["subscriptions"][number]> = []
    for (const name of namespaces) {
      const namespace = yield* Schema.decode(NamespaceName)(name)
      for (const { name: subscription, state, lag } of yield* mesh.subscriptions.list(namespace)) {
        subscriptions.push({ namespace, subscription, state, lag })
      }
    }
    const { inFlightDeliveries, deferredDeliveries, parkedSinks } = yield* mesh.metrics
    return {
      subscriptions,
      inFlight: inFlightDeliveries,
      deferred: deferredDeliveries,
      parkedSinks,
    }
  })

const program = Effect.gen(function* () {
  const options = yield* Schema.decodeUnknown(ProcessOptionsText)(process.argv[2])
  // Looked at before the mesh goes on with them.
  const removals: Array<CutOffRemovals[number]> = []
  const store = Layer.tap(storeOf(options), (context) =>
    Effect.map(Context.get(context, Removals).pending, (pending) => {
      for (const { namespace, steps } of pending) {
        const stepsDone = steps.filter(({ outcome }) => outcome === "done").length
        removals.push({ namespace, stepsDone })
      }
    }),
  )
  const layer = SingleProcess.layer({
    store,
    vault: AesVault.layerTest,
    allowPrivateTargets: true,
    config: {
      purgeRows: options.purgeRows,
      drainDeadline: Duration.millis(options.drainMillis),
      breaker: {
        ...defaultBreakerPolicy,
        failures: options.breaker.failures,
        probeInitial: Duration.millis(Math.min(100, options.breaker.probeMaxMillis)),
        probeMax: Duration.millis(options.breaker.probeMaxMillis),
      },
    },
  })
  yield* Effect.gen(function* () {
    const obey = serve(yield* Mesh)
    const runFork = Runtime.runFork(yield* Effect.runtime())
    process.on("message", (raw) => {
      const { id, command } = Schema.decodeUnknownSync(Request)(raw)
      runFork(
        obey(command).pipe(
          Effect.match({
            onSuccess: (value) => say({ _tag: "Answer", id, value }),
            onFailure: ({ _tag, message }) => say({ _tag: "Refusal", id, error: _tag, message }),
          }),
        ),
      )
    })
    say({ _tag: "Ready", removals })
    return yield* Effect.never
  }).pipe(Effect.provide(layer))
}).pipe(
  Effect.tapError(({ _tag, message }) =>
    Effect.sync(() => say({ _tag: "Failed", error: _tag, message })),
  ),
  Effect.provide(Layer.setClock(settableClock)),
  Logger.withMinimumLogLevel(LogLevel.Warning),
)

// A file that may not grow is a failed write, as on a full disk, and not the end of the process.
process.on("SIGXFSZ", () => {})

// A child does not outlive its parent.
process.on("disconnect", () => process.exit(1))

NodeRuntime.runMain(program)
