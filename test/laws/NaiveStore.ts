// A whole store as one would tell it, without indexes or batches: what random commands are compared
// with. One namespace; the commands use several of them side by side.

import type { Deferral, DeadLetter, ProgressChange } from "../../src/actors/index.js"
import type { NamespaceName, Sequence, Subscription } from "../../src/domain/index.js"
import { NaiveJournal } from "./NaiveJournal.js"

interface Place {
  readonly position: number
  readonly acknowledged: string
  readonly startedAfter: number
  readonly deferrals: ReadonlyMap<number, Deferral>
}

const bySubscription = <A extends { readonly subscription: string }>(rows: ReadonlyArray<A>) =>
  [...rows].sort((a, b) => (a.subscription < b.subscription ? -1 : 1))

export class NaiveStore {
  readonly name: NamespaceName
  readonly journal = new NaiveJournal()
  status: "enabled" | "disabled" = "enabled"
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #places = new Map<string, Place>()
  readonly #letters = new Map<string, DeadLetter>()

  constructor(name: NamespaceName) {
    this.name = name
  }

  createSubscription(subscription: Subscription, position: Sequence): void {
    this.#subscriptions.set(subscription.name, subscription)
    if (this.#places.has(subscription.name)) return
    const acknowledged = String(position)
    const deferrals = new Map<number, Deferral>()
    const startedAfter = position
    this.#places.set(subscription.name, { position, acknowledged, startedAfter, deferrals })
  }

  deleteSubscription(name: string): boolean {
    this.#places.delete(name)
    return this.#subscriptions.delete(name)
  }

  commit({ subscription, ...change }: ProgressChange): void {
    const place = this.#places.get(subscription)
    if (place === undefined) return
    const deferrals = new Map(place.deferrals)
    for (const deferral of change.deferred) deferrals.set(deferral.sequence, deferral)
    for (const sequence of change.settled) deferrals.delete(sequence)
    const { position, acknowledged } = change
    this.#places.set(subscription, { ...place, position, acknowledged, deferrals })
    for (const letter of change.dead)
      this.#letters.set(letter.id, { ...letter, namespace: this.name, subscription })
  }

  deleteDeadLetter(id: string): boolean {
    return this.#letters.delete(id)
  }

  /** How many rows the purge of each kind takes. */
  get rows() {
    const deferrals = [...this.#places.values()].map(({ deferrals }) => deferrals.size)
    return {
      deliveries: deferrals.reduce((a, b) => a + b, this.#places.size + this.#letters.size),
      events: this.journal.kept(this.name).length,
      subscriptions: this.#subscriptions.size,
      sinks: 0,
    }
  }

  get hasBacklog(): boolean {
    const { head } = this.journal.bounds(this.name)
    return [...this.#subscriptions.values()].some(({ name, status }) => {
      const place = this.#places.get(name)
      const behind = place !== undefined && (place.position < head || place.deferrals.size > 0)
      return this.status === "enabled" && status === "active" && behind
    })
  }

  /** What `LawSnapshot.snapshot` is to show, the namespace's own record aside. */
  get snapshot() {
    const places = bySubscription(
      [...this.#places].map(([subscription, place]) => ({ subscription, ...place })),
    )
    const needs = places.flatMap(({ position, deferrals }) => [
      position,
      ...[...deferrals.keys()].map((sequence) => sequence - 1),
    ])
    return {
      sinks: [],
      subscriptions: [...this.#subscriptions.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
      bounds: this.journal.bounds(this.name),
      events: this.journal.events(this.name),
      progress: places.map(({ deferrals: _, ...row }) => row),
      deferrals: places.map(({ subscription, deferrals }) => ({
        subscription,
        rows: [...deferrals.values()].sort((a, b) => a.sequence - b.sequence),
      })),
      attempts: [],
      deadLetters: [...this.#letters.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
      replays: [],
      replayDeferrals: [],
      slowest: needs.length === 0 ? undefined : Math.min(...needs),
      eventTypes: [],
      keys: [],
      signingKeys: [],
      audit: [],
      removal: undefined,
    }
  }
}
