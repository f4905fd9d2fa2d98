// What the demo does, in order: three domains, traffic, an outage that is parked and recovers, a domain
// removed in the middle of it, and the account at the end.

import { performance } from "node:perf_hooks"
import { Clock, Duration, Effect, Either, Option, Redacted, Schedule, Schema } from "effect"
import { type ActorTree, Mesh, type MeshService } from "../../../actors/index.js"
import {
  defaultRetryPolicy,
  NamespaceName,
  parseTypePattern,
  type RemovalReport,
  SinkName,
  SubscriptionName,
  type SubscriptionSpec,
} from "../../../domain/index.js"
import { CommandFailed } from "../CliErrors.js"
import { type Check, Destination, type DestinationFigures, figuresOf } from "./Ledger.js"
import { makeReceiver, parseDemoEvent, type Receiver } from "./Receivers.js"
import { makeTraffic } from "./Traffic.js"

/** What is told while it goes on. */
export interface Narrator {
  readonly tell: (text: string) => Effect.Effect<void>
  readonly progress: (offered: number) => Effect.Effect<void>
  readonly tree: (root: ActorTree) => Effect.Effect<void>
  readonly removal: (report: RemovalReport) => Effect.Effect<void>
}

export interface DemoReport {
  readonly ok: boolean
  readonly events: number
  readonly durationMs: number
  readonly destinations: ReadonlyArray<DestinationFigures>
  readonly published: Readonly<Record<string, number>>
  readonly refusedWhileRemoving: number
  readonly outage: { readonly parkedMs: number; readonly caughtUp: number }
  readonly removal: RemovalReport
  readonly checks: ReadonlyArray<Check>
}

const domain = Schema.decodeSync(NamespaceName)
const sinkName = Schema.decodeSync(SinkName)
const subscriptionName = Schema.decodeSync(SubscriptionName)

export const domains = {
  albergue: domain("albergue.example"),
  ferry: domain("ferry.example"),
  trial: domain("trial.example"),
}

const isBooking = (type: string) => type.startsWith("booking.")
const isInvoice = (type: string) => type.startsWith("invoice.")
const pattern = (text: string) => Either.getOrThrow(parseTypePattern(text))

/** Its endpoint will be out for a while, so it is tried again soon. */
const soon = {
  ...defaultRetryPolicy,
  initial: Duration.millis(50),
  max: Duration.millis(500),
}

const makeDestinations = () => ({
  bookings: new Destination({
    domain: domains.albergue,
    subscription: "bookings",
    via: "webhook",
    matches: isBooking,
  }),
  billing: new Destination({
    domain: domains.albergue,
    subscription: "billing",
    via: "webhook",
    isOrdered: true,
    matches: isInvoice,
  }),
  audit: new Destination({ domain: domains.albergue, subscription: "audit", via: "handler" }),
  tickets: new Destination({ domain: domains.ferry, subscription: "tickets", via: "webhook" }),
  trial: new Destination({ domain: domains.trial, subscription: "everything", via: "webhook" }),
})

/** Waits until something is so; how long at most is in the error. */
const until = (condition: Effect.Effect<boolean>, within: Duration.DurationInput, what: string) =>
  condition.pipe(
    Effect.repeat({ until: (holds) => holds, schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutFail({
      duration: within,
      onTimeout: () =>
        new CommandFailed({ reason: `${what} within ${Duration.format(Duration.decode(within))}` }),
    }),
  )

/** Waits until all has arrived, or nothing more does for a while: what is missing then is lost. */
const untilArrived = (destinations: ReadonlyArray<Destination>) =>
  Effect.gen(function* () {
    const arrived = () => destinations.reduce((sum, { received }) => sum + received.size, 0)
    const isComplete = Effect.sync(() => destinations.every(({ lost }) => lost === 0))
    let before: number
    do {
      before = arrived()
      const waited = yield* Effect.option(until(isComplete, quiet, "Not everything arrived"))
      if (Option.isSome(waited)) return
    } while (arrived() > before)
  })

const quiet = Duration.seconds(5)

const failed = <A, E extends { readonly message: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.mapError(effect, ({ message }) => new CommandFailed({ reason: message }))

const connect = (
  mesh: MeshService,
  receiver: Receiver,
  destination: Destination,
  spec: Omit<SubscriptionSpec, "sink">,
) =>
  Effect.gen(function* () {
    const namespace = domain(destination.domain)
    const sink = sinkName(destination.subscription)
    const { generated } = yield* mesh.sinks.put(namespace, sink, {
      kind: "webhook",
      url: receiver.url(destination),
    })
    receiver.register(destination, generated["secret"] ?? Redacted.make(""))
    yield* mesh.subscriptions.put(namespace, subscriptionName(destination.subscription), {
      ...spec,
      sink,
    })
  })

export const tellStory = (events: number, narrator: Narrator) =>
  Effect.gen(function* () {
    const startedAt = yield* Clock.currentTimeMillis
    const mesh = yield* Mesh
    const steady = yield* makeReceiver
    const shaky = yield* makeReceiver
    const to = makeDestinations()

    const scene = Effect.gen(function* () {
      for (const name of Object.values(domains)) yield* mesh.namespaces.put(name)
      yield* connect(mesh, steady, to.bookings, { types: [pattern("booking.*")] })
      yield* connect(mesh, steady, to.billing, { types: [pattern("invoice.*")], ordering: "key" })
      yield* mesh.handle(domains.albergue, "audit", {}, (event) => {
        const { id, subject, data } = parseDemoEvent(event)
        to.audit.receive(id, subject, data.place, performance.now())
      })
      yield* connect(mesh, shaky, to.tickets, { retry: soon })
      yield* connect(mesh, steady, to.trial, {})
    })
    yield* failed(scene)
    yield* narrator.tell("3 domains, 4 webhook subscriptions and 1 handler are in place")

    const traffic = makeTraffic({
      mesh,
      domains: [
        { name: domains.albergue, share: 5 },
        { name: domains.ferry, share: 3 },
        { name: domains.trial, share: 2 },
      ],
      destinations: Object.values(to),
      paceOf: [to.bookings, to.billing, to.audit],
      onProgress: narrator.progress,
    })
    const publishUpTo = (share: number) => traffic.publishUpTo(Math.round(events * share))
    yield* publishUpTo(0.15)

    shaky.setFailing(true)
    yield* narrator.tell(`${domains.ferry}: its receiver answers 503 from here on`)
    const isParked = Effect.map(mesh.health, ({ parkedSinks }) => parkedSinks.length > 0)
    const parking = yield* Effect.fork(
      until(isParked, "10 seconds", "The sink of the failing receiver was not parked").pipe(
        Effect.zipRight(Clock.currentTimeMillis),
        Effect.tap(() =>
          narrator.tell(`${domains.ferry}: the sink is parked; its events wait in the journal`),
        ),
      ),
    )
    yield* publishUpTo(0.4)
    const parkedAt = yield* parking
    yield* narrator.tree(yield* mesh.actors)

    const waiting = to.tickets.expected.size - to.tickets.received.size
    shaky.setFailing(false)
    yield* narrator.tell(`${domains.ferry}: its receiver is well again; a probe will find out`)
    const recovering = yield* Effect.fork(
      until(
        Effect.map(isParked, (parked) => !parked),
        "15 seconds",
        "The sink did not recover",
      ).pipe(
        Effect.zipRight(Clock.currentTimeMillis),
        Effect.tap(() => narrator.tell(`${domains.ferry}: recovered; it catches up in order`)),
      ),
    )
    yield* publishUpTo(0.65)

    yield* narrator.tell(`${domains.trial}: removed while its events flow`)
    const removing = yield* Effect.fork(
      failed(mesh.namespaces.remove(domains.trial, { wait: "15 seconds" })).pipe(
        Effect.tap((report) => narrator.removal(report)),
        Effect.map((report) => ({ report, at: performance.now() })),
      ),
    )
    yield* publishUpTo(1)
    const { report: removal, at: removedAt } = yield* removing
    const recoveredAt = yield* recovering

    const staying = [to.bookings, to.billing, to.audit, to.tickets]
    yield* untilArrived(staying)
    // Something that would still come for the removed domain has the time to.
    yield* Effect.sleep("250 millis")

    const isGone = Option.isNone(yield* Effect.option(mesh.namespaces.get(domains.trial)))
    const all = Object.values(to)
    const sum = (of: (destination: Destination) => number, over = all) =>
      over.reduce((total, destination) => total + of(destination), 0)
    const checks: ReadonlyArray<Check> = [
      {
        what: "every event of the remaining domains arrived at every subscription it matches",
        holds: sum(({ lost }) => lost, staying) === 0,
      },
      {
        what: "nothing arrived that was not published",
        holds: staying.every((one) => one.received.size <= one.expected.size),
      },
      { what: "every request was signed", holds: sum(({ unsigned }) => unsigned) === 0 },
      { what: "the order of each key was kept", holds: sum(({ outOfOrder }) => outOfOrder) === 0 },
      {
        what: "the failing sink was parked and has recovered",
        holds: to.tickets.refused > 0 && recoveredAt > parkedAt,
      },
      {
        what: "the removal is complete, and nothing of that domain arrived after its report",
        holds: isGone && isComplete(removal) && to.trial.lastReceiptAt < removedAt,
      },
    ]
    const report: DemoReport = {
      ok: checks.every(({ holds }) => holds),
      events: traffic.offered(),
      durationMs: (yield* Clock.currentTimeMillis) - startedAt,
      destinations: staying.map(figuresOf),
      published: Object.fromEntries(traffic.accepted),
      refusedWhileRemoving: traffic.refused.get(domains.trial) ?? 0,
      outage: { parkedMs: recoveredAt - parkedAt, caughtUp: waiting },
      removal,
      checks,
    }
    return report
  })

const isComplete = ({ steps }: RemovalReport): boolean =>
  steps.some(({ step }) => step === "release-name") &&
  steps.every(({ outcome }) => outcome === "done")
