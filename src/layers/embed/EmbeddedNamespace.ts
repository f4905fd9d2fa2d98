// One namespace of a mesh, behind the Promise API.

import { randomUUID } from "node:crypto"
import { Effect, type Exit } from "effect"
import type { MeshService, PublishError, RedeliveryCount, SinkInput } from "../../actors/index.js"
import { type NamespaceName, namespaceCatalogue } from "../../domain/index.js"
import { auditRecords, EmbeddedKeys } from "./EmbeddedKeys.js"
import type { EmbeddedRuntime } from "./EmbeddedRuntime.js"
import { handlerOf } from "./HandlerFunction.js"
import * as Inputs from "./Inputs.js"
import { LiveEvents, takeFrom } from "./LiveEvents.js"
import { orThrow } from "./Failures.js"
import type { EventPage, EventStream, EventTail, NewEvent, PublishReceipt } from "./PlainEvent.js"
import {
  accountOf,
  deadLetterOf,
  drawnSecret,
  explanationOf,
  publicKeysOf,
  replayOf,
} from "./PlainViews.js"
import type {
  AuditQuery,
  EventHandler,
  EventTypeSpec,
  PublishOptions,
  ReplayOptions,
  SubscriptionOptions,
  WebhookTarget,
} from "./Options.js"
import type { Detach, MeshNamespace, NamespaceKeys } from "./PromiseMesh.js"
import type {
  AuditRecord,
  DeadLetterPage,
  DeadLetterQuery,
  DeliveryExplanation,
  EventTypeInfo,
  PublicKeyInfo,
  RemovalAccount,
  ReplayInfo,
  SubscriptionInfo,
} from "./Views.js"
import { TailedEvents } from "./TailedEvents.js"

export class EmbeddedNamespace implements MeshNamespace {
  readonly name: NamespaceName
  readonly keys: NamespaceKeys
  readonly #runtime: EmbeddedRuntime
  readonly #mesh: MeshService
  readonly #defaults: { readonly id: () => string; readonly now: () => number }

  constructor(name: NamespaceName, runtime: EmbeddedRuntime) {
    this.name = name
    this.#runtime = runtime
    this.keys = new EmbeddedKeys(name, runtime)
    this.#mesh = runtime.mesh
    this.#defaults = { id: randomUUID, now: runtime.now }
  }

  publish(event: NewEvent, options?: PublishOptions): Promise<PublishReceipt>
  publish(
    events: ReadonlyArray<NewEvent>,
    options?: PublishOptions,
  ): Promise<ReadonlyArray<PublishReceipt>>
  async publish(
    input: NewEvent | ReadonlyArray<NewEvent>,
    { durability }: PublishOptions = {},
  ): Promise<PublishReceipt | ReadonlyArray<PublishReceipt>> {
    this.#runtime.assertOpen()
    const events = isSeveral(input)
      ? input.map((event, index) => Inputs.readEvent(event, this.#defaults, index))
      : [Inputs.readEvent(input, this.#defaults, undefined)]
    if (events.length === 0) return []
    const exit = await new Promise<Exit.Exit<ReadonlyArray<PublishReceipt>, PublishError>>(
      (resolve) => {
        // Without a fiber where that is possible: this is the path of every event.
        const taken =
          durability !== "ephemeral" && this.#mesh.publishAwake(this.name, events, resolve)
        if (taken) return
        const publish = this.#mesh.publish(this.name, events, durability)
        resolve(this.#runtime.runExit(publish))
      },
    )
    const receipts = orThrow(exit)
    const [first] = receipts
    return isSeveral(input) || first === undefined ? receipts : first
  }

  handle(name: string, options: SubscriptionOptions, handler: EventHandler): Promise<Detach>
  handle(name: string, handler: EventHandler): Promise<Detach>
  async handle(
    name: string,
    optionsOrHandler: SubscriptionOptions | EventHandler,
    given?: EventHandler,
  ): Promise<Detach> {
    const [options, handler] =
      typeof optionsOrHandler === "function" ? [{}, optionsOrHandler] : [optionsOrHandler, given]
    if (handler === undefined) throw new TypeError("handle: a function is expected")
    const { close, value } = this.#runtime.open(this.name, () =>
      this.#mesh.handle(this.name, name, Inputs.readOptions(options), handlerOf(handler)),
    )
    await value
    return close
  }

  async webhook(
    name: string,
    target: WebhookTarget,
    options: SubscriptionOptions = {},
  ): Promise<{ readonly secret?: string }> {
    const sink = Inputs.readSinkName(name)
    const subscription = Inputs.readSubscriptionName(name)
    const spec = { ...Inputs.readOptions(options), sink }
    const stated = Object.entries(target).filter(([, value]) => value !== undefined)
    const input: SinkInput = { ...Object.fromEntries(stated), kind: "webhook" }
    const { generated } = await this.#runtime.run(
      Effect.zipLeft(
        this.#mesh.sinks.put(this.name, sink, input),
        this.#mesh.subscriptions.put(this.name, subscription, spec),
      ),
    )
    return drawnSecret(generated)
  }

  async rotateSecret(
    name: string,
    rotation: { readonly secret?: string | undefined; readonly overlap?: string | undefined } = {},
  ): Promise<{ readonly secret?: string; readonly previousUntil?: Date }> {
    const { generated, value } = await this.#runtime.run(
      this.#mesh.sinks.rotateSecret(
        this.name,
        Inputs.readSinkName(name),
        Inputs.readRotation(rotation),
      ),
    )
    const { previousSecretUntil } = value
    return {
      ...drawnSecret(generated),
      ...(previousSecretUntil === undefined
        ? {}
        : { previousUntil: new Date(previousSecretUntil) }),
    }
  }

  async signingKeys(): Promise<ReadonlyArray<PublicKeyInfo>> {
    return publicKeysOf(await this.#runtime.run(this.#mesh.signingKeys.get(this.name)))
  }

  async rotateSigningKey(
    rotation: { readonly overlap?: string | undefined } = {},
  ): Promise<ReadonlyArray<PublicKeyInfo>> {
    const options = Inputs.readKeyRotation(rotation)
    return publicKeysOf(await this.#runtime.run(this.#mesh.signingKeys.rotate(this.name, options)))
  }

  stream({ types }: { readonly types?: ReadonlyArray<string> | undefined } = {}): EventStream {
    const { close, value } = this.#runtime.open(this.name, () =>
      this.#mesh.tap(this.name, types === undefined ? undefined : Inputs.readTypes(types)),
    )
    return new LiveEvents({
      opened: value,
      take: ({ events }) => this.#runtime.run(events.takeAll).then(takeFrom),
      close,
    })
  }

  tail(
    options: {
      readonly after?: number | undefined
      readonly types?: ReadonlyArray<string> | undefined
    } = {},
  ): EventTail {
    const { close, value } = this.#runtime.open(this.name, () =>
      this.#mesh.events.reader(this.name, Inputs.readTail(options)),
    )
    const opened = value.then(({ next, ready, start }) => ({
      start,
      // On a mesh that was closed meanwhile it answers the end.
      take: () => this.#runtime.runExit(Effect.zipRight(ready, next)).then(orThrow),
    }))
    return new TailedEvents({ opened, close })
  }

  async read(
    options: {
      readonly after?: number | undefined
      readonly limit?: number | undefined
      readonly types?: ReadonlyArray<string> | undefined
    } = {},
  ): Promise<EventPage> {
    const { after, limit, types } = Inputs.readPageRequest(options)
    const page = await this.#runtime.run(
      this.#mesh.events.read(this.name, {
        after,
        limit,
        ...(types === undefined ? {} : { types }),
      }),
    )
    return {
      events: page.events.map(({ sequence, event }) => ({ sequence, event })),
      next: page.next,
    }
  }

  async registerEventType(type: string, spec: EventTypeSpec): Promise<void> {
    await this.#runtime.run(
      this.#mesh.eventTypes.put(
        namespaceCatalogue(this.name),
        Inputs.readEventType(type),
        Inputs.readEventTypeSpec(spec),
      ),
    )
  }

  async eventTypes(): Promise<ReadonlyArray<EventTypeInfo>> {
    const found = await this.#runtime.run(this.#mesh.eventTypes.list(namespaceCatalogue(this.name)))
    return found.map(({ createdAt: _, updatedAt: __, ...info }) => info)
  }

  async removeEventType(type: string): Promise<void> {
    const name = Inputs.readEventType(type)
    await this.#runtime.run(this.#mesh.eventTypes.remove(namespaceCatalogue(this.name), name))
  }

  async subscriptions(): Promise<ReadonlyArray<SubscriptionInfo>> {
    const found = await this.#runtime.run(this.#mesh.subscriptions.list(this.name))
    return found.map(({ name, spec, state, reason, position, lag, dropped }) => ({
      name,
      sink: spec.sink,
      state,
      ...(reason === undefined ? {} : { reason }),
      position,
      lag,
      ...(dropped === undefined ? {} : { dropped }),
    }))
  }

  async pause(subscription: string): Promise<void> {
    const name = Inputs.readSubscriptionName(subscription)
    await this.#runtime.run(this.#mesh.subscriptions.pause(this.name, name))
  }

  async resume(subscription: string): Promise<void> {
    const name = Inputs.readSubscriptionName(subscription)
    await this.#runtime.run(this.#mesh.subscriptions.resume(this.name, name))
  }

  async replay(subscription: string, options: ReplayOptions): Promise<ReplayInfo> {
    const name = Inputs.readSubscriptionName(subscription)
    const spec = Inputs.readReplay(options)
    return replayOf(await this.#runtime.run(this.#mesh.replays.start(this.name, name, spec)))
  }

  async replays(subscription: string): Promise<ReadonlyArray<ReplayInfo>> {
    const name = Inputs.readSubscriptionName(subscription)
    return (await this.#runtime.run(this.#mesh.replays.list(this.name, name))).map(replayOf)
  }

  async cancelReplay(subscription: string, replay: string): Promise<ReplayInfo> {
    const key = {
      namespace: this.name,
      subscription: Inputs.readSubscriptionName(subscription),
      id: Inputs.readReplayId(replay),
    }
    return replayOf(await this.#runtime.run(this.#mesh.replays.cancel(key)))
  }

  async unsubscribe(subscription: string): Promise<void> {
    const name = Inputs.readSubscriptionName(subscription)
    const sink = Inputs.readSinkName(subscription)
    await this.#runtime.run(
      Effect.zipRight(
        this.#mesh.subscriptions.remove(this.name, name),
        // A sink of that name is its own by convention; one that others use as well stays.
        Effect.catchTags(this.#mesh.sinks.remove(this.name, sink), {
          SinkNotFound: () => Effect.void,
          SinkInUse: () => Effect.void,
        }),
      ),
    )
  }

  async explain(
    sequence: number,
    { subscription }: { readonly subscription?: string | undefined } = {},
  ): Promise<ReadonlyArray<DeliveryExplanation>> {
    const { deliveries } = await this.#runtime.run(
      this.#mesh.explain(this.name, Inputs.readSequence(sequence), {
        subscription:
          subscription === undefined ? undefined : Inputs.readSubscriptionName(subscription),
        limit: Number.MAX_SAFE_INTEGER,
      }),
    )
    return deliveries.map(explanationOf)
  }

  async deadLetters(query: DeadLetterQuery = {}): Promise<DeadLetterPage> {
    const page = Inputs.readDeadLetterQuery(query)
    const found = await this.#runtime.run(
      this.#mesh.deadLetters.list(this.name, { ...page, limit: page.limit ?? 100 }),
    )
    return { deadLetters: found.deadLetters.map(deadLetterOf), next: found.next }
  }

  async redeliver(deadLetter: string): Promise<void> {
    await this.#runtime.run(this.#mesh.deadLetters.redeliver(this.name, deadLetter))
  }

  redeliverAll(query: DeadLetterQuery = {}): Promise<RedeliveryCount> {
    const page = Inputs.readDeadLetterQuery(query)
    return this.#runtime.run(
      this.#mesh.deadLetters.redeliverAll(this.name, { ...page, limit: page.limit ?? 1_000 }),
    )
  }

  discard(deadLetter: string): Promise<void> {
    return this.#runtime.run(this.#mesh.deadLetters.discard(this.name, deadLetter))
  }

  audit(query: AuditQuery = {}): Promise<ReadonlyArray<AuditRecord>> {
    return auditRecords(this.#runtime, this.name, query)
  }

  async disable(): Promise<void> {
    await this.#runtime.run(this.#mesh.namespaces.setStatus(this.name, "disabled"))
  }

  async enable(): Promise<void> {
    await this.#runtime.run(this.#mesh.namespaces.setStatus(this.name, "enabled"))
  }

  async remove({
    wait = "1m",
  }: {
    readonly wait?: string | undefined
  } = {}): Promise<RemovalAccount> {
    const patience = Inputs.readWait(wait)
    const report = await this.#runtime.run(
      this.#mesh.namespaces.remove(this.name, { wait: patience }),
    )
    await this.#runtime.closeAllOf(this.name)
    return accountOf(report)
  }
}

const isSeveral = (input: NewEvent | ReadonlyArray<NewEvent>): input is ReadonlyArray<NewEvent> =>
  Array.isArray(input)
