// The per-event path of one namespace: its head, its routes, and whether it takes events.
//
// Synchronous and shared: publishers read it, the group commit moves its head, its actor sets its
// status and routes. An awake namespace has exactly one hub.

import { Effect } from "effect"
import {
  type JournaledEvent,
  NamespaceDisabled,
  type NamespaceName,
  NamespaceRemoving,
  RoutingTable,
  Sequence,
  type TypePattern,
} from "../../domain/index.js"
import { SharedPages } from "../journal/SharedPages.js"

/** Where events are routed to: a subscription's feed or a live stream. */
export interface Route {
  /** A matching event was committed as the head of the namespace. */
  readonly offer: (event: JournaledEvent) => void
  /** A matching event that is not journalled; false when there is no room for it. */
  readonly offerEphemeral: (event: JournaledEvent) => boolean
  /** Counts an event that found no room, twice. */
  readonly drop: () => void
  /** Events after `cursor` were committed without being offered. */
  readonly fallBehind: (cursor: Sequence) => void
  /** The namespace is no longer awake. */
  readonly end?: () => void
  /** Nothing more is offered for the moment: start delivering. */
  readonly pump: () => void
}

/** `asleep`: its actor is gone; whoever still holds the hub must have the namespace woken again. */
export type HubStatus = "enabled" | "disabled" | "removing" | "asleep"

export class NamespaceHub {
  readonly name: NamespaceName
  /** Tells this namespace from an earlier one of the same name. */
  readonly incarnation: string
  status: HubStatus
  /** What of the journal its subscriptions read at the moment. */
  readonly pages = new SharedPages()
  #publishing = 0
  readonly #onPublished: Array<() => void> = []
  /** When an event was last published, in milliseconds since the epoch. */
  lastActivity: number
  readonly #routes = new RoutingTable<Route>()
  readonly #all = new Set<Route>()
  #head: Sequence
  #heir: NamespaceHub | undefined

  constructor(
    name: NamespaceName,
    incarnation: string,
    status: HubStatus,
    head: Sequence,
    now: number,
  ) {
    this.name = name
    this.incarnation = incarnation
    this.status = status
    this.#head = head
    this.lastActivity = now
  }

  get head(): Sequence {
    return this.#head
  }

  /** Publishes under way: the namespace does not stop before they have ended. */
  get publishing(): number {
    return this.#publishing
  }

  beginPublish(): void {
    this.#publishing++
  }

  endPublish(): void {
    this.#publishing--
    if (this.#publishing > 0) return
    for (const resume of this.#onPublished.splice(0)) resume()
  }

  /** Waits until no publish is under way. */
  get published(): Effect.Effect<void> {
    return Effect.async((resume) => {
      if (this.#publishing === 0) resume(Effect.void)
      else this.#onPublished.push(() => resume(Effect.void))
    })
  }

  get routeCount(): number {
    return this.#all.size
  }

  /** Why it takes no events; undefined when it does. */
  get refusal(): NamespaceDisabled | NamespaceRemoving | undefined {
    if (this.status === "enabled" || this.status === "asleep") return undefined
    const problem = { namespace: this.name }
    return this.status === "disabled"
      ? new NamespaceDisabled(problem)
      : new NamespaceRemoving(problem)
  }

  route(route: Route, patterns: ReadonlyArray<TypePattern>): void {
    this.#routes.add(route, patterns)
    this.#all.add(route)
  }

  withdraw(route: Route): void {
    this.#routes.remove(route)
    this.#all.delete(route)
  }

  /** The namespace's actor is going: live streams end, and who publishes has it woken again. */
  fallAsleep(): void {
    if (this.status !== "removing") this.status = "asleep"
    for (const route of this.#all) route.end?.()
  }

  withdrawAll(): void {
    for (const route of this.#all) this.#routes.remove(route)
  }

  /** Whether a route wants a type. */
  wants(route: Route, type: string): boolean {
    return this.#routes.match(type).includes(route)
  }

  /** Events were committed; in order of sequence. */
  committed(events: ReadonlyArray<JournaledEvent>): void {
    const touched = new Set<Route>()
    for (const event of events) {
      if (event.sequence > this.#head + 1) this.advance(Sequence.make(event.sequence - 1))
      // The head may be further: somebody asked the journal while these were on their way.
      if (event.sequence > this.#head) this.#head = event.sequence
      for (const route of this.#routes.match(event.type)) {
        route.offer(event)
        touched.add(route)
      }
    }
    for (const route of touched) route.pump()
    this.#heir?.advance(this.#head)
  }

  /** The journal is further than what was offered: every live route must read what it missed. */
  advance(head: Sequence): void {
    if (head <= this.#head) return
    const before = this.#head
    for (const route of this.#all) route.fallBehind(before)
    this.#head = head
    this.#heir?.advance(head)
  }

  /**
   * The namespace has another hub by now, since its actor was started anew: what was published to this
   * one is that one's from here on.
   */
  bequeath(heir: NamespaceHub): void {
    this.#heir = heir
    heir.advance(this.#head)
  }

  /** Offers an event that is not journalled; answers the routes that have no room for it. */
  ephemeral(event: JournaledEvent): ReadonlyArray<Route> {
    let refused: Array<Route> | undefined
    for (const route of this.#routes.match(event.type)) {
      if (!route.offerEphemeral(event)) (refused ??= []).push(route)
      route.pump()
    }
    return refused ?? none
  }
}

const none: ReadonlyArray<never> = []
