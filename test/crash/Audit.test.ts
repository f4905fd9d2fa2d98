// The accounts of a crash run notice what they are there to notice.

import { describe, expect, it } from "vitest"
import { type Account, audit } from "./Audit.js"
import { Ledger, type Tenant } from "./Ledger.js"
import type { StoreRows } from "./StoreRows.js"
import { matches, shapes } from "./Tenants.js"

const namespace = "acme.example"

/** Two events of one key, acknowledged, and received by everybody who wants them. */
const goodRun = () => {
  const ledger = new Ledger()
  ledger.run = 1
  const tenant = ledger.newTenant(namespace, 1)
  tenant.status = "active"
  for (const subscription of tenant.subscriptions.values()) {
    subscription.askedAt = ledger.tick()
    subscription.confirmedAt = ledger.tick()
  }
  const events = ["order.paid", "order.paid"].map((type) => ledger.newEvent(tenant, type, "ann"))
  const publish = { tenant, events, acknowledged: false }
  tenant.publishes.push(publish)
  for (const event of events) event.requests = 1
  const receipts = events.map(({ id }, index) => ({ id, sequence: index + 1, duplicate: false }))
  ledger.acknowledged(publish, receipts)
  for (const event of events) {
    for (const { shape, deliveries } of tenant.subscriptions.values()) {
      if (!matches(shape, event.type)) continue
      const tick = ledger.tick()
      const success = { tick: ledger.tick(), at: 1_000, run: 1 }
      deliveries.set(event.id, {
        firstTick: tick,
        firstAt: 1_000,
        webhookIds: new Set([event.id]),
        failures: 0,
        successes: [success],
      })
    }
  }
  const rows: StoreRows = {
    events: new Map([[namespace, receipts.map(({ id, sequence }) => ({ id, sequence }))]]),
    deadLetters: new Map(),
    deferrals: 0,
    removals: 0,
    namespacesOf: new Map([["events", new Set([namespace])]]),
  }
  return { ledger, tenant, rows, publish }
}

const deliveryOf = (tenant: Tenant, subscription: string, id: string) => {
  const delivery = tenant.subscriptions.get(subscription)?.deliveries.get(id)
  if (delivery === undefined) throw new Error(`${id} was not delivered to ${subscription}`)
  return delivery
}

type Run = ReturnType<typeof goodRun>

/** What is done to a good run, and the complaint that must follow. */
const faults: ReadonlyArray<readonly [string, (run: Run) => StoreRows, RegExp]> = [
  [
    "an acknowledged event that never came",
    ({ tenant, rows }) => {
      tenant.subscriptions.get("everything")?.deliveries.delete("g1-2")
      return rows
    },
    /^lost: g1-2 \(2\) to everything/,
  ],
  [
    "an acknowledged event that is not in the journal",
    ({ rows }) => ({ ...rows, events: new Map([[namespace, [{ id: "g1-1", sequence: 1 }]]]) }),
    /g1-2 of acme.example was acknowledged and is not in the journal/,
  ],
  [
    "a hole in the journal",
    ({ rows }) => ({ ...rows, events: new Map([[namespace, [{ id: "g1-2", sequence: 2 }]]]) }),
    /has 2 at place 1/,
  ],
  [
    "an event of an earlier namespace of the name",
    ({ rows }) => ({ ...rows, events: new Map([[namespace, [{ id: "g0-7", sequence: 1 }]]]) }),
    /has g0-7, which was not published to it/,
  ],
  [
    "events of a key in the wrong order",
    ({ tenant, rows }) => {
      const deliveries = tenant.subscriptions.get("orders")?.deliveries
      const first = deliveryOf(tenant, "orders", "g1-1")
      deliveries?.set("g1-1", { ...first, firstTick: 1_000_000 })
      return rows
    },
    /^out of order: orders/,
  ],
  [
    "an event that did not wait for the one before",
    ({ tenant, rows }) => {
      const success = deliveryOf(tenant, "payments", "g1-1").successes[0]
      if (success !== undefined) {
        deliveryOf(tenant, "payments", "g1-1").successes[0] = { ...success, tick: 1_000_000 }
      }
      return rows
    },
    /^too early: payments/,
  ],
  [
    "a repetition without a kill",
    ({ tenant, rows }) => {
      deliveryOf(tenant, "news", "g1-1").successes.push({ tick: 99, at: 1_100, run: 1 })
      return rows
    },
    /was repeated by the same process/,
  ],
  [
    "a repetition of what was received long before the kill",
    ({ ledger, tenant, rows }) => {
      ledger.killedAt.set(1, 60_000)
      deliveryOf(tenant, "news", "g1-1").successes.push({ tick: 99, at: 61_000, run: 2 })
      return rows
    },
    /received 59000 ms before the kill/,
  ],
  [
    "rows of a namespace that was removed",
    ({ rows }) => ({ ...rows, namespacesOf: new Map([["sinks", new Set(["gone.example"])]]) }),
    /sinks has rows of the removed gone.example/,
  ],
  [
    "a sequence given twice",
    ({ ledger, publish, rows }) => {
      ledger.acknowledged(publish, [
        { id: "g1-1", sequence: 1, duplicate: true },
        { id: "g1-2", sequence: 3, duplicate: true },
      ])
      return rows
    },
    /was given the sequences 2 and 3/,
  ],
]

describe("the account of a crash run", () => {
  it("finds nothing wrong with a good run, and counts it", () => {
    const { ledger, rows } = goodRun()
    const account: Account = audit(ledger, rows)
    expect(ledger.violations).toEqual([])
    const wanting = shapes.filter((shape) => matches(shape, "order.paid")).length
    expect(account).toMatchObject({ delivered: 2 * wanting, lost: 0, repeated: 0 })
  })

  it.each(faults)("notices %s", (_, spoil, complaint) => {
    const run = goodRun()
    audit(run.ledger, spoil(run))
    expect(run.ledger.violations.join("\n")).toMatch(new RegExp(complaint.source, "m"))
  })
})
