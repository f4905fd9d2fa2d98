// The load of a crash run: publishers, and a keeper per namespace that sets it up, pauses and resumes
// its subscriptions, has its endpoints fail, and removes it again.

import { Clock, Duration, Effect, Random, Schema } from "effect"
import { RemovalReport, removalSteps } from "../../src/domain/index.js"
import { Receipts } from "../support/process/Protocol.js"
import type { Ledger, Publish, SubscriptionRecord, Tenant } from "./Ledger.js"
import type { Receivers } from "./Receivers.js"
import { eventTypes, orderKeys, sinkCommand, subscriptionCommand } from "./Tenants.js"
import type { Victim } from "./Victim.js"

export interface Load {
  readonly ledger: Ledger
  readonly victim: Victim
  readonly receivers: Receivers
  /** Has the process killed within so many milliseconds. */
  readonly aim: (withinMillis: number) => Effect.Effect<void>
  /** No more removals and pauses: the run comes to its end. */
  readonly isEnding: () => boolean
}

const sleepBetween = (min: number, max: number) =>
  Effect.flatMap(Random.nextIntBetween(min, max), (millis) => Effect.sleep(Duration.millis(millis)))

const oneOf = <A>(all: ReadonlyArray<A>) => Effect.map(Random.choice(all), (one) => one)

const millisNow = Clock.currentTimeMillis

// --- Publishing ----------------------------------------------------------------------------------

/** Publishes until the run ends: mostly new events, now and then what was published before. */
export const publisher = (load: Load): Effect.Effect<void> =>
  Effect.gen(function* () {
    while (!load.isEnding()) {
      yield* sleepBetween(2, 30)
      const open = load.ledger.tenants.filter(
        ({ status }) => status === "active" || status === "removing",
      )
      if (open.length === 0) continue
      const tenant = yield* Effect.orDie(oneOf(open))
      yield* publish(load, yield* choosePublish(load.ledger, tenant))
    }
  })

const choosePublish = (ledger: Ledger, tenant: Tenant): Effect.Effect<Publish> =>
  Effect.gen(function* () {
    const unknown = tenant.unknown.shift()
    if (unknown !== undefined) return unknown
    if (tenant.publishes.length > 0 && (yield* Random.next) < 0.08) {
      return yield* Effect.orDie(oneOf(tenant.publishes))
    }
    const size = (yield* Random.next) < 0.6 ? 1 : yield* Random.nextIntBetween(2, 13)
    const events = []
    for (let index = 0; index < size; index++) {
      const type = yield* Effect.orDie(oneOf(eventTypes))
      events.push(ledger.newEvent(tenant, type, yield* Effect.orDie(oneOf(orderKeys))))
    }
    const made: Publish = { tenant, events, acknowledged: false }
    tenant.publishes.push(made)
    return made
  })

const publish = ({ ledger, victim }: Load, made: Publish): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { tenant } = made
    // One in twenty has its first event twice.
    const twice = (yield* Random.next) < 0.05 ? made.events.slice(0, 1) : []
    const events = [...made.events, ...twice]
    tenant.asking += 1
    ledger.published += events.length
    for (const event of events) event.requests += 1
    const answer = yield* victim
      .ask({
        _tag: "Publish",
        namespace: tenant.namespace,
        events: events.map(({ id, type, subject }) => ({
          specversion: "1.0",
          id,
          source: "/crash",
          type,
          subject,
          data: { note: "x".repeat(80), generation: tenant.generation },
        })),
      })
      .pipe(Effect.either)
    tenant.asking -= 1
    if (answer._tag === "Right") {
      ledger.acknowledged(made, yield* Effect.orDie(Schema.decodeUnknown(Receipts)(answer.right)))
    } else if (answer.left._tag === "Cut") {
      ledger.unacknowledged += 1
      if ((yield* Random.next) < 0.7) tenant.unknown.push(made)
    } else {
      ledger.refused(answer.left.error)
      if (tenant.status === "active") {
        ledger.violated(`publish to ${tenant.namespace} was refused: ${answer.left.message}`)
      }
    }
  })

// --- The life of a namespace ---------------------------------------------------------------------

/** Creates, keeps and removes namespaces for ever, one after the other. */
export const keeper = (load: Load, slot: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    let name = 0
    let generation = 0
    while (!load.isEnding()) {
      generation += 1
      const tenant = load.ledger.newTenant(`t${slot}-${name}.example`, generation)
      yield* setUp(load, tenant)
      yield* Effect.raceFirst(
        lifetime(load),
        Effect.all([pauses(load, tenant), outages(tenant)], { concurrency: 2 }),
      )
      yield* wakeAll(load, tenant)
      if (load.isEnding()) return
      yield* remove(load, tenant)
      // Some names are used again, and some are left, so that what remains of them can be seen.
      if ((yield* Random.next) < 0.3) {
        name += 1
        generation = 0
      }
    }
  })

/** Until the run ends, or the namespace has lived long enough. */
const lifetime = (load: Load): Effect.Effect<void> =>
  Effect.gen(function* () {
    const until = (yield* millisNow) + (yield* Random.nextIntBetween(3_000, 20_000))
    while (!load.isEnding() && (yield* millisNow) < until) yield* Effect.sleep("50 millis")
  })

const setUp = (load: Load, tenant: Tenant): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { ledger, victim } = load
    const { namespace } = tenant
    const done = yield* Effect.either(victim.insist({ _tag: "PutNamespace", namespace }))
    if (done._tag === "Left") {
      return ledger.violated(`${namespace} could not be created: ${done.left.message}`)
    }
    const subscriptions = [...tenant.subscriptions.values()]
    yield* Effect.forEach(
      subscriptions.filter(({ shape }) => !shape.late),
      subscribe(load, tenant),
    )
    tenant.status = "active"
    yield* sleepBetween(200, 1_500)
    yield* Effect.forEach(
      subscriptions.filter(({ shape }) => shape.late),
      subscribe(load, tenant),
    )
  })

const subscribe =
  ({ ledger, victim, receivers }: Load, tenant: Tenant) =>
  (subscription: SubscriptionRecord): Effect.Effect<void> =>
    Effect.gen(function* () {
      const { shape } = subscription
      const url = receivers.urlOf(tenant, shape.name)
      yield* victim.insist(sinkCommand(tenant.namespace, shape, url))
      subscription.askedAt = ledger.tick()
      yield* victim.insist(subscriptionCommand(tenant.namespace, shape))
      subscription.confirmedAt = ledger.tick()
    }).pipe(
      Effect.catchAll(({ message }) =>
        Effect.sync(() =>
          ledger.violated(`${subscription.shape.name} of ${tenant.namespace}: ${message}`),
        ),
      ),
    )

const pauses = ({ ledger, victim }: Load, { namespace, subscriptions }: Tenant) =>
  Effect.forever(
    Effect.gen(function* () {
      yield* sleepBetween(500, 3_000)
      const { shape } = yield* Effect.orDie(oneOf([...subscriptions.values()]))
      yield* victim.insist({ _tag: "Pause", namespace, subscription: shape.name })
      yield* sleepBetween(50, 1_000)
      yield* victim.insist({ _tag: "Resume", namespace, subscription: shape.name })
    }).pipe(Effect.catchAll(({ error }) => Effect.sync(() => ledger.refused(error)))),
  )

const outages = ({ subscriptions }: Tenant) =>
  Effect.forever(
    Effect.gen(function* () {
      yield* sleepBetween(500, 4_000)
      const subscription = yield* Effect.orDie(oneOf([...subscriptions.values()]))
      subscription.downUntil = (yield* millisNow) + (yield* Random.nextIntBetween(100, 2_000))
    }),
  )

const wakeAll = ({ ledger, victim }: Load, { namespace, subscriptions }: Tenant) =>
  Effect.forEach(
    [...subscriptions.values()].filter(({ confirmedAt }) => confirmedAt !== undefined),
    ({ shape }) =>
      victim
        .insist({ _tag: "Resume", namespace, subscription: shape.name })
        .pipe(Effect.catchAll(({ error }) => Effect.sync(() => ledger.refused(error)))),
    { discard: true },
  )

// --- Removal -------------------------------------------------------------------------------------

const remove = (load: Load, tenant: Tenant): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { ledger, victim } = load
    const { namespace } = tenant
    tenant.status = "removing"
    if ((yield* Random.next) < 0.6) yield* load.aim(yield* Random.nextIntBetween(0, 250))
    for (let begun = false; ; ) {
      const answer = yield* Effect.either(
        victim.ask({ _tag: "Remove", namespace, waitMillis: 20_000 }),
      )
      if (answer._tag === "Right") {
        const report = yield* Effect.orDie(Schema.decodeUnknown(RemovalReport)(answer.right))
        if (isComplete(report)) break
        begun = true
      } else if (answer.left._tag === "Cut") {
        begun = true
      } else if (answer.left.error === "NamespaceNotFound" && begun) {
        // It was confirmed, or went on after a restart, before this question.
        break
      } else if (answer.left.error !== "StoreUnavailable") {
        ledger.violated(`the removal of ${namespace} failed: ${answer.left.message}`)
        break
      }
    }
    tenant.removedAt = yield* millisNow
    // Nobody asks any more: what is created next under this name is not meant.
    tenant.status = "removed"
    while (tenant.asking > 0) yield* Effect.sleep("5 millis")
  })

const isComplete = ({ steps }: RemovalReport): boolean =>
  removalSteps.every((step, index) => {
    const entry = steps[index]
    return entry?.step === step && entry.outcome === "done"
  })
