// Sinks as callers state them: their options checked by their transport, their secrets sealed.

import { Effect, Option, ParseResult, Schema, type Scope } from "effect"
import {
  defaultOverlap,
  defaultSinkConcurrency,
  type EffectiveSettings,
  InvalidSetting,
  type NamespaceName,
  NamespaceNotFound,
  type RotationUnderWay,
  type Sink,
  SinkConcurrency,
  type SinkInUse,
  type SinkName,
  SinkNotFound,
} from "../../domain/index.js"
import { loadSettings } from "../namespace/NamespaceSeat.js"
import type { StoreUnavailable, Transport } from "../ports/index.js"
import { effectiveOptions, signsWithKeys } from "../sink/OpenSink.js"
import {
  openSecrets,
  type Options,
  sealSecrets,
  type Secrets,
  splitSecrets,
  withSecretValues,
} from "../sink/SecretOptions.js"
import { type InTurn, makeInTurn } from "./InTurn.js"
import type { SecretRotationInput, SinkInput, SinkService } from "./service/SinkService.js"
import type { MeshWorld } from "./MeshWorld.js"
import type { NamespaceDoor } from "./NamespaceDoor.js"
import type { SinkView } from "./Views.js"

export const makeSinks = (
  world: MeshWorld,
  door: NamespaceDoor,
): Effect.Effect<SinkService, never, Scope.Scope> =>
  Effect.map(makeInTurn, (inTurn) => sinksInTurn(world, door, inTurn))

const sinksInTurn = (world: MeshWorld, door: NamespaceDoor, inTurn: InTurn): SinkService => {
  const { registry } = world
  const viewOf = ({ retiring, sealed, ...sink }: Sink): SinkView => {
    const gate = door.seat(sink.namespace)?.sinks.get(sink.name)?.gate
    const parked = gate?.parked
    return {
      ...sink,
      hasSecret: sealed !== undefined,
      ...(retiring === undefined || retiring.until <= world.now()
        ? {}
        : { previousSecretUntil: retiring.until }),
      state:
        gate === undefined
          ? "asleep"
          : parked !== undefined
            ? parked.cause === "misconfigured"
              ? "misconfigured"
              : "parked"
            : !gate.isOpen
              ? "waiting"
              : "connected",
    }
  }
  const find = (namespace: NamespaceName, name: SinkName) =>
    Effect.zipRight(
      door.check(namespace),
      Effect.flatMap(
        registry.getSink(namespace, name),
        Option.match({
          onNone: () => Effect.fail(new SinkNotFound({ namespace, sink: name })),
          onSome: Effect.succeed,
        }),
      ),
    )

  const put = (namespace: NamespaceName, name: SinkName, input: SinkInput) =>
    Effect.gen(function* () {
      const settings = yield* settingsOf(world, namespace)
      const transport = yield* transportOf(world, settings, input.kind)
      const stored = Option.getOrUndefined(yield* registry.getSink(namespace, name))
      if (stored === undefined) yield* door.checkRoom(namespace, "sinks")
      // A secret that is not stated again stays, and so does one that is being rotated out.
      const like = stored?.kind === input.kind ? stored : undefined
      const kept = like === undefined ? {} : yield* keptSecrets(world, like)
      const { kind, concurrency, ...options } = input
      const { shown, secrets } = yield* splitSecrets(transport, options, kept)
      const isStated = transport.rotates !== undefined && options[transport.rotates] !== undefined
      const retiring = isStated ? undefined : like?.retiring
      const encoded = yield* encodeOptions(transport, withSecretValues(transport, shown, secrets))
      const now = world.now()
      const draft: Sink = {
        namespace,
        name,
        kind,
        // The values are checked; what is stored and shown has masks in their place.
        options: { ...encoded, ...masksOf(transport, shown) },
        concurrency: yield* concurrencyOf(concurrency),
        ...(retiring === undefined ? {} : { retiring }),
        createdAt: stored?.createdAt ?? now,
        updatedAt: now,
      }
      const generated = yield* prepare(transport, draft, settings, secrets)
      const sealed = yield* sealSecrets(world.vault, namespace, { ...secrets, ...generated })
      if (signsWithKeys(world.transports, draft)) yield* world.signing.ensure(namespace)
      const sink = yield* door.ask<Sink>(namespace, (reply) => ({
        type: "PutSink",
        sink: { ...draft, ...(sealed === undefined ? {} : { sealed }) },
        reply,
      }))
      return { created: stored === undefined, value: viewOf(sink), generated }
    })

  const rotate = (
    namespace: NamespaceName,
    name: SinkName,
    { overlap = defaultOverlap, secret }: SecretRotationInput,
  ) =>
    Effect.gen(function* () {
      const stored = yield* find(namespace, name)
      const settings = yield* settingsOf(world, namespace)
      const transport = yield* transportOf(world, settings, stored.kind)
      const option = yield* rotatedOption(transport, stored)
      const { [option]: _, ...others } = yield* keptSecrets(world, stored)
      const given = secret === undefined ? {} : { [option]: secret }
      const drawn = yield* prepare(transport, stored, settings, { ...others, ...given })
      const signing = secret ?? drawn[option]
      if (signing === undefined) return yield* noSecret
      const sink = yield* door.ask<Sink, SinkNotFound | InvalidSetting | RotationUnderWay>(
        namespace,
        (reply) => ({
          type: "RotateSecret",
          name,
          rotation: { name: option, secret: signing, overlap },
          reply,
        }),
      )
      return { value: viewOf(sink), generated: drawn }
    })

  return {
    put: (namespace, name, input) => inTurn(`${namespace}/${name}`, put(namespace, name, input)),
    rotateSecret: (namespace, name, options = {}) =>
      inTurn(`${namespace}/${name}`, rotate(namespace, name, options)),
    get: (namespace, name) => Effect.map(find(namespace, name), viewOf),
    list: (namespace) =>
      Effect.zipRight(
        door.check(namespace),
        Effect.map(registry.listSinks(namespace), (sinks) => sinks.map(viewOf)),
      ),
    remove: (namespace, name) =>
      door.ask<void, SinkNotFound | SinkInUse>(namespace, (reply) => ({
        type: "DeleteSink",
        name,
        reply,
      })),
  }
}

const settingsOf = (
  world: MeshWorld,
  namespace: NamespaceName,
): Effect.Effect<EffectiveSettings, NamespaceNotFound | StoreUnavailable> =>
  Effect.gen(function* () {
    const record = Option.getOrUndefined(yield* world.registry.getNamespace(namespace))
    if (record === undefined) return yield* new NamespaceNotFound({ namespace })
    return yield* loadSettings(world, record)
  })

const transportOf = (
  { transports }: MeshWorld,
  { sinkKinds }: EffectiveSettings,
  kind: string,
): Effect.Effect<Transport, InvalidSetting> => {
  const transport = transports.get(kind)
  const usable = [...transports.keys()].filter((known) => sinkKinds?.includes(known) ?? true)
  return transport === undefined || !usable.includes(kind)
    ? Effect.fail(
        new InvalidSetting({ field: "kind", reason: `must be one of ${usable.join(", ")}` }),
      )
    : Effect.succeed(transport)
}

/** Which option of the sink holds the secret that is rotated. */
const rotatedOption = (
  { rotates }: Transport,
  { kind, options }: Sink,
): Effect.Effect<string, InvalidSetting> => {
  if (rotates === undefined) return noSecret
  return kind === "webhook" && options["url"] === undefined
    ? new InvalidSetting({ field: rotates, reason: "is inherited with the URL; change it there" })
    : Effect.succeed(rotates)
}

const noSecret = new InvalidSetting({ field: "secret", reason: "is nothing that this sink has" })

/** The transport's own checks; answers the secrets that it draws. */
const prepare = (transport: Transport, sink: Sink, settings: EffectiveSettings, secrets: Secrets) =>
  Effect.flatMap(
    decodeOptions(
      transport,
      withSecretValues(transport, effectiveOptions(sink, settings), secrets),
    ),
    (options): Effect.Effect<Secrets, InvalidSetting> =>
      transport.prepare?.({ namespace: sink.namespace, sink: sink.name, options, secrets }) ??
      Effect.succeed({}),
  )

const masksOf = ({ secretValues = [] }: Transport, shown: Options): Options =>
  Object.fromEntries(
    secretValues.flatMap((name) => (shown[name] === undefined ? [] : [[name, shown[name]]])),
  )

const EncodedOptions = Schema.Record({ key: Schema.String, value: Schema.Unknown })

const decodeOptions = (transport: Transport, options: unknown) =>
  Schema.decodeUnknown(transport.options)(options, { onExcessProperty: "error" }).pipe(
    Effect.mapError(invalidOption),
  )

/** The options as they are stored: only what the transport knows, in its own form. */
const encodeOptions = (transport: Transport, options: unknown) =>
  decodeOptions(transport, options).pipe(
    Effect.flatMap((decoded) =>
      Effect.mapError(Schema.encode(transport.options)(decoded), invalidOption),
    ),
    Effect.flatMap((encoded) =>
      Effect.mapError(Schema.decodeUnknown(EncodedOptions)(encoded), invalidOption),
    ),
  )

const invalidOption = (error: ParseResult.ParseError): InvalidSetting => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  return new InvalidSetting({
    field: issue === undefined || issue.path.length === 0 ? "options" : issue.path.join("."),
    reason: issue?.message ?? "is invalid",
  })
}

const concurrencyOf = (concurrency: SinkInput["concurrency"]) =>
  Schema.decodeUnknown(SinkConcurrency)(concurrency ?? defaultSinkConcurrency).pipe(
    Effect.mapError(
      () => new InvalidSetting({ field: "concurrency", reason: "must be an integer of 1 to 1024" }),
    ),
  )

/** What cannot be opened any more is asked for again: the sink is stored without it. */
const keptSecrets = ({ vault }: MeshWorld, { namespace, sealed }: Sink): Effect.Effect<Secrets> =>
  Effect.catchAll(openSecrets(vault, namespace, sealed), (error) =>
    Effect.as(Effect.logWarning("A sink's secrets cannot be opened", error), {}),
  )
