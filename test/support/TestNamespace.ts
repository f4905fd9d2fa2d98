// One namespace of a test mesh, its requests in one line each, every one run to its end.

import { Effect } from "effect"
import type { Durability, SinkInput } from "../../src/actors/index.js"
import {
  type DeadLetterReason,
  NamespaceName,
  SinkName,
  SubscriptionName,
  type SubscriptionSpec,
} from "../../src/domain/index.js"
import { cloudEvent } from "../laws/LawEvents.js"
import type { Answer } from "./ScriptedTransport.js"
import type { TestMesh } from "./TestMesh.js"

export interface EventText {
  readonly type?: string
  readonly key?: string
}

export class TestNamespace {
  readonly name: NamespaceName
  readonly #mesh: TestMesh

  constructor(mesh: TestMesh, name = "a.example") {
    this.#mesh = mesh
    this.name = NamespaceName.make(name)
  }

  /** Registers it, with one sink "s". */
  get create() {
    const { mesh, simulation } = this.#mesh
    return Effect.zipRight(simulation.finish(mesh.namespaces.put(this.name)), this.sink())
  }

  sink(name = "s", input: Partial<SinkInput> = {}) {
    const { mesh, simulation } = this.#mesh
    const put = mesh.sinks.put(this.name, SinkName.make(name), { kind: "scripted", ...input })
    return simulation.finish(put)
  }

  subscribe(name = "p", spec: Partial<Omit<SubscriptionSpec, "sink">> = {}, sink = "s") {
    const { mesh, simulation } = this.#mesh
    return simulation.finish(
      mesh.subscriptions.put(this.name, SubscriptionName.make(name), {
        sink: SinkName.make(sink),
        ...spec,
      }),
    )
  }

  publish(ids: ReadonlyArray<string>, text: EventText = {}, durability?: Durability) {
    const { mesh, simulation } = this.#mesh
    return simulation.finish(mesh.publish(this.name, this.events(ids, text), durability))
  }

  events(ids: ReadonlyArray<string>, { type = "t", key }: EventText = {}) {
    return ids.map((id) =>
      cloudEvent({
        id,
        source: "/test",
        type,
        ...(key === undefined ? {} : { partitionkey: key }),
      }),
    )
  }

  answer(answer: Answer, sink = "s"): void {
    this.#mesh.sinks.answer(this.name, sink, answer)
  }

  view(name = "p") {
    const { mesh, simulation } = this.#mesh
    return simulation.finish(mesh.subscriptions.get(this.name, SubscriptionName.make(name)))
  }

  state(sink = "s") {
    const { mesh, simulation } = this.#mesh
    return Effect.map(
      simulation.finish(mesh.sinks.get(this.name, SinkName.make(sink))),
      ({ state }) => state,
    )
  }

  /** Dead letters as the store has them: event sequence and reason. */
  get dead(): ReadonlyArray<readonly [number, DeadLetterReason["_tag"]]> {
    const letters = this.#mesh.state.holdings.get(this.name)?.deadLetters.all() ?? []
    return letters.map(({ sequence, reason }) => [sequence, reason._tag])
  }

  /** Ids of the events a subscription's sink took, in that order. */
  taken(subscription = "p"): ReadonlyArray<string> {
    return this.#mesh.sinks.attempts
      .filter(
        (one) =>
          one.namespace === this.name &&
          one.subscription === subscription &&
          one.outcome?._tag === "Delivered",
      )
      .map(({ event }) => event)
  }

  attemptsAt(event: string): ReadonlyArray<number> {
    return this.#mesh.sinks.attempts
      .filter((one) => one.namespace === this.name && one.event === event)
      .map(({ at }) => at)
  }
}
