// Accounts for everything after the last restart: what was acknowledged, what came, in which order,
// how often, and what the store still has.

import type { Delivery, Ledger, SubscriptionRecord, Tenant } from "./Ledger.js"
import type { StoredDeadLetter, StoreRows } from "./StoreRows.js"
import { matches } from "./Tenants.js"

export interface Account {
  /** Acknowledged events that neither came nor are dead letters, counted per subscription. */
  lost: number
  delivered: number
  repeated: number
  deadLetters: number
  /** The longest time between a receipt and the kill that had it repeated. */
  longestUnwrittenMillis: number
}

/** Progress is written many times a second; under load a write may take its time. */
const maxUnwrittenMillis = 5_000

export const audit = (ledger: Ledger, rows: StoreRows): Account => {
  const account: Account = {
    lost: 0,
    delivered: 0,
    repeated: 0,
    deadLetters: 0,
    longestUnwrittenMillis: 0,
  }
  for (const tenant of ledger.tenants) {
    const stored = tenant.status === "active"
    if (stored) checkJournal(ledger, tenant, rows)
    const letters = (stored ? rows.deadLetters.get(tenant.namespace) : undefined) ?? []
    account.deadLetters += letters.length
    for (const subscription of tenant.subscriptions.values()) {
      const { name } = subscription.shape
      const dead = new Map(
        letters.filter((one) => one.subscription === name).map((one) => [one.sequence, one]),
      )
      for (const [id, delivery] of subscription.deliveries) {
        checkRepeats(ledger, account, `${id} to ${name} of ${tenant.namespace}`, delivery)
      }
      checkOrder(ledger, tenant, subscription, dead)
      if (stored) checkComplete(ledger, account, tenant, subscription, dead, rows)
    }
  }
  checkRemains(ledger, rows)
  return account
}

/** Sequences are dense from 1, and every acknowledged event is at its place. */
const checkJournal = (ledger: Ledger, tenant: Tenant, rows: StoreRows): void => {
  const { namespace, events } = tenant
  const journal = rows.events.get(namespace) ?? []
  const stored = new Set<string>()
  for (const [index, { sequence, id }] of journal.entries()) {
    if (sequence !== index + 1)
      ledger.violated(`${namespace} has ${sequence} at place ${index + 1}`)
    if (stored.has(id)) ledger.violated(`${namespace} has ${id} twice`)
    stored.add(id)
    const event = events.get(id)
    if (event === undefined) {
      ledger.violated(`${namespace} has ${id}, which was not published to it`)
      continue
    }
    event.sequence ??= sequence
    if (event.sequence !== sequence) {
      ledger.violated(`${id} of ${namespace} is at ${sequence}, not at ${event.sequence}`)
    }
  }
  for (const { id, acknowledgedAt } of events.values()) {
    if (acknowledgedAt !== undefined && !stored.has(id)) {
      ledger.violated(`${id} of ${namespace} was acknowledged and is not in the journal`)
    }
  }
  for (const publish of tenant.publishes) {
    const there = publish.events.filter(({ id }) => stored.has(id)).length
    if (there !== 0 && there !== publish.events.length) {
      ledger.violated(`a publish to ${namespace} is stored in part: ${publish.events[0]?.id}`)
    }
  }
}

/** Each further success of a delivery needs a kill between it and the one before. */
const checkRepeats = (
  ledger: Ledger,
  account: Account,
  where: string,
  { successes, webhookIds }: Delivery,
): void => {
  if (successes.length > 0) account.delivered += 1
  if (webhookIds.size > 1) ledger.violated(`${where} came under several ids`)
  for (const [index, success] of successes.entries()) {
    const before = successes[index - 1]
    if (before === undefined) continue
    account.repeated += 1
    const killedAt = ledger.killedAt.get(before.run)
    if (before.run === success.run || killedAt === undefined) {
      ledger.violated(
        `${where} was repeated by the same process after ${success.at - before.at} ms`,
      )
      continue
    }
    const unwritten = killedAt - before.at
    account.longestUnwrittenMillis = Math.max(account.longestUnwrittenMillis, unwritten)
    if (unwritten > maxUnwrittenMillis) {
      ledger.violated(`${where} was repeated, though received ${unwritten} ms before the kill`)
    }
  }
}

/** Of one order key, an event comes only after the one before has been received or given up. */
const checkOrder = (
  ledger: Ledger,
  { namespace, events, status }: Tenant,
  { shape, deliveries }: SubscriptionRecord,
  dead: ReadonlyMap<number, StoredDeadLetter>,
): void => {
  if (shape.ordering === "none") return
  const last = new Map<string, { sequence: number; id: string; delivery: Delivery }>()
  const inOrder = [...deliveries].sort(([, one], [, other]) => one.firstTick - other.firstTick)
  for (const [id, delivery] of inOrder) {
    const event = events.get(id)
    if (event?.sequence === undefined) continue
    const { sequence } = event
    const key = shape.ordering === "key" ? event.subject : ""
    const before = last.get(key)
    last.set(key, { sequence, id, delivery })
    if (before === undefined) continue
    const where = `${shape.name} of ${namespace}: ${id} (${sequence}) after ${before.id} (${before.sequence})`
    if (sequence < before.sequence) ledger.violated(`out of order: ${where}`)
    const received = before.delivery.successes[0]?.tick ?? Number.POSITIVE_INFINITY
    const deadAt = dead.get(before.sequence)?.deadAt ?? Number.POSITIVE_INFINITY
    // The dead letters of a removed namespace are gone with it.
    const isKnown = received !== Number.POSITIVE_INFINITY || status === "active"
    if (isKnown && received > delivery.firstTick && deadAt > delivery.firstAt) {
      ledger.violated(`too early: ${where}`)
    }
  }
}

/** Every event of the journal that a subscription wants was received or is a dead letter. */
const checkComplete = (
  ledger: Ledger,
  account: Account,
  tenant: Tenant,
  subscription: SubscriptionRecord,
  dead: ReadonlyMap<number, StoredDeadLetter>,
  rows: StoreRows,
): void => {
  const { shape, deliveries, askedAt, confirmedAt } = subscription
  if (askedAt === undefined || confirmedAt === undefined) return
  for (const { id, sequence } of rows.events.get(tenant.namespace) ?? []) {
    const event = tenant.events.get(id)
    if (event === undefined) continue
    const where = `${id} (${sequence}) to ${shape.name} of ${tenant.namespace}`
    const delivery = deliveries.get(id)
    const letter = dead.get(sequence)
    const cameBefore =
      shape.startAt === "now" &&
      event.acknowledgedAt !== undefined &&
      event.acknowledgedAt < askedAt
    if (!matches(shape, event.type) || cameBefore) {
      if (delivery !== undefined) ledger.violated(`${where} is not wanted there`)
      continue
    }
    if (letter !== undefined) {
      if (letter.reason === "") ledger.violated(`${where} is dead for no reason`)
      if (delivery === undefined || delivery.failures < 1) {
        ledger.violated(`${where} is dead and was never refused: ${letter.reason}`)
      }
      continue
    }
    if (delivery !== undefined && delivery.successes.length > 0) continue
    if (shape.startAt === "now" && event.askedAt < confirmedAt) continue
    account.lost += 1
    ledger.violated(`lost: ${where}`)
  }
}

/** Nothing is left of namespaces that were removed, in any table, and nothing waits. */
const checkRemains = (ledger: Ledger, rows: StoreRows): void => {
  const there = new Set(
    ledger.tenants.filter(({ status }) => status !== "removed").map(({ namespace }) => namespace),
  )
  for (const [table, namespaces] of rows.namespacesOf) {
    for (const namespace of namespaces) {
      if (!there.has(namespace)) ledger.violated(`${table} has rows of the removed ${namespace}`)
    }
  }
  if (rows.deferrals > 0) ledger.violated(`${rows.deferrals} deliveries are still deferred`)
  if (rows.removals > 0) ledger.violated(`${rows.removals} removals are not finished`)
}
