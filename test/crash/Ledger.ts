// What the driver of a crash run knows: what it published and was told, and what its receivers saw.
//
// Everything that happens gets the next tick, so that "before" and "after" need no clock.

import type { Shape } from "./Tenants.js"
import { shapes } from "./Tenants.js"
import type { Receipts } from "../support/process/Protocol.js"

export interface Event {
  readonly id: string
  readonly type: string
  readonly subject: string
  /** The tick of the first request that had it. */
  readonly askedAt: number
  requests: number
  /** The tick of the first answer that acknowledged it. */
  acknowledgedAt: number | undefined
  sequence: number | undefined
  /** An answer said that it was new. */
  wasNew: boolean
}

/** Events published together, to be had all or none. */
export interface Publish {
  readonly tenant: Tenant
  readonly events: ReadonlyArray<Event>
  acknowledged: boolean
}

interface Success {
  readonly tick: number
  readonly at: number
  /** Which process had sent it. */
  readonly run: number
}

export interface Delivery {
  readonly firstTick: number
  readonly firstAt: number
  readonly webhookIds: Set<string>
  failures: number
  readonly successes: Array<Success>
}

export interface SubscriptionRecord {
  readonly shape: Shape
  /** The ticks of the first request to subscribe and of its confirmation. */
  askedAt: number | undefined
  confirmedAt: number | undefined
  readonly deliveries: Map<string, Delivery>
  /** Its endpoint is out until then, in milliseconds. */
  downUntil: number
}

/** A namespace from its creation to its removal: `generation` tells it from others of its name. */
export interface Tenant {
  readonly namespace: string
  readonly generation: number
  status: "starting" | "active" | "removing" | "removed"
  removedAt: number | undefined
  readonly subscriptions: ReadonlyMap<string, SubscriptionRecord>
  readonly events: Map<string, Event>
  readonly publishes: Array<Publish>
  /** Publishes of which nothing is known, to be tried again. */
  readonly unknown: Array<Publish>
  asking: number
}

export class Ledger {
  readonly violations: Array<string> = []
  readonly tenants: Array<Tenant> = []
  /** When each process was killed, in milliseconds, by its run. */
  readonly killedAt = new Map<number, number>()
  /** Counts the processes that were started. */
  run = 0
  healed = false
  published = 0
  duplicateAnswers = 0
  unacknowledged = 0
  refusals = new Map<string, number>()
  #tick = 0
  #violationCount = 0

  get violationCount(): number {
    return this.#violationCount
  }

  tick(): number {
    return ++this.#tick
  }

  violated(what: string): void {
    this.#violationCount += 1
    if (this.violations.length < 50) this.violations.push(what)
  }

  refused(error: string): void {
    this.refusals.set(error, (this.refusals.get(error) ?? 0) + 1)
  }

  newTenant(namespace: string, generation: number): Tenant {
    const tenant: Tenant = {
      namespace,
      generation,
      status: "starting",
      removedAt: undefined,
      subscriptions: new Map(
        shapes.map((shape) => [
          shape.name,
          {
            shape,
            askedAt: undefined,
            confirmedAt: undefined,
            deliveries: new Map(),
            downUntil: 0,
          },
        ]),
      ),
      events: new Map(),
      publishes: [],
      unknown: [],
      asking: 0,
    }
    this.tenants.push(tenant)
    return tenant
  }

  newEvent(tenant: Tenant, type: string, subject: string): Event {
    const id = `g${tenant.generation}-${tenant.events.size + 1}`
    const event: Event = {
      id,
      type,
      subject,
      askedAt: this.tick(),
      requests: 0,
      acknowledgedAt: undefined,
      sequence: undefined,
      wasNew: false,
    }
    tenant.events.set(id, event)
    return event
  }

  /** Takes down an acknowledgement, and whether it contradicts an earlier one. */
  acknowledged(publish: Publish, receipts: Receipts): void {
    const { tenant, events } = publish
    const tick = this.tick()
    publish.acknowledged = true
    if (receipts.length < events.length) {
      this.violated(`${receipts.length} receipts for ${events.length} events`)
    }
    for (const { id, sequence, duplicate } of receipts) {
      const where = `event ${id} of ${tenant.namespace}`
      const event = tenant.events.get(id)
      if (event === undefined) {
        this.violated(`a receipt for the unknown ${where}`)
        continue
      }
      event.acknowledgedAt ??= tick
      event.sequence ??= sequence
      if (event.sequence !== sequence) {
        this.violated(`${where} was given the sequences ${event.sequence} and ${sequence}`)
      }
      if (duplicate) this.duplicateAnswers += 1
      else {
        if (event.wasNew) this.violated(`${where} was accepted as new twice`)
        event.wasNew = true
      }
      if (duplicate && event.requests === 1) {
        this.violated(`${where} was called a duplicate when first published`)
      }
    }
  }
}
