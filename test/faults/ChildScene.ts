// A mesh in a child process with one namespace, whose webhooks go to a receiver of the test.

import { Effect, Schema, type Scope } from "effect"
import type { Receiver } from "../layers/transports/support/Receiver.js"
import { temporaryDirectory } from "../support/TemporaryDirectory.js"
import { type ChildMesh, type Cut, type Refused, startMesh } from "../support/process/ChildMesh.js"
import { type ProcessOptions, Receipts, Standing } from "../support/process/Protocol.js"

export const namespace = "acme.example"

export const optionsFor = (store: ProcessOptions["store"]): ProcessOptions => ({
  store,
  drainMillis: 3_000,
  purgeRows: 100,
  breaker: { failures: 5, probeMaxMillis: 200 },
})

export const embeddedOptions: Effect.Effect<ProcessOptions, never, Scope.Scope> = Effect.map(
  temporaryDirectory,
  (dataDir) => optionsFor({ _tag: "Embedded", dataDir }),
)

/** A mesh that is up. */
export const upMesh = (
  options: ProcessOptions,
): Effect.Effect<ChildMesh, Refused | Cut, Scope.Scope> =>
  Effect.tap(startMesh(options), (mesh) => mesh.ready)

/** Sends everything of the namespace to the receiver. */
export const subscribe = (
  mesh: ChildMesh,
  receiver: Receiver,
  spec: Readonly<Record<string, unknown>> = {},
  sink: Readonly<Record<string, unknown>> = {},
): Effect.Effect<void, Refused | Cut> =>
  Effect.gen(function* () {
    const input = { kind: "webhook", url: receiver.url, ...sink }
    yield* mesh.ask({ _tag: "PutNamespace", namespace })
    yield* mesh.ask({ _tag: "PutSink", namespace, sink: "hook", input })
    yield* mesh.ask({
      _tag: "PutSubscription",
      namespace,
      subscription: "all",
      spec: { sink: "hook", startAt: "earliest", ...spec },
    })
  })

export const publish = (
  mesh: ChildMesh,
  ids: ReadonlyArray<string>,
  data: unknown = null,
): Effect.Effect<Receipts, Refused | Cut> =>
  mesh
    .ask({
      _tag: "Publish",
      namespace,
      events: ids.map((id) => ({ specversion: "1.0", id, source: "/faults", type: "t", data })),
    })
    .pipe(Effect.flatMap((answer) => Effect.orDie(Schema.decodeUnknown(Receipts)(answer))))

export const standing = (mesh: ChildMesh): Effect.Effect<Standing, Refused | Cut> =>
  mesh
    .ask({ _tag: "Standing", namespaces: [namespace] })
    .pipe(Effect.flatMap((answer) => Effect.orDie(Schema.decodeUnknown(Standing)(answer))))

/** Waits until everything published is settled. */
export const settled = (mesh: ChildMesh): Effect.Effect<void, Refused | Cut> =>
  standing(mesh).pipe(
    Effect.delay("20 millis"),
    Effect.repeat({
      until: ({ subscriptions, inFlight, deferred }) =>
        inFlight + deferred === 0 && subscriptions.every(({ lag }) => lag === 0),
    }),
    Effect.asVoid,
  )

const Body = Schema.parseJson(Schema.Struct({ id: Schema.String }))

/** The ids of the events that came, in their order. */
export const idsAt = (receiver: Receiver): ReadonlyArray<string> =>
  receiver.received.map(({ body }) => Schema.decodeSync(Body)(body.toString("utf8")).id)

export const idsUpTo = (count: number, prefix = "e"): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)
