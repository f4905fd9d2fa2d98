// wal2http: the changes of a database to one sink, without a journal. The slot advances when a transaction
// has been delivered.
//
// What may pass is waited out, at the start too; what somebody has to mend ends the command at its
// start, and is tried again every minute once changes have been streamed. It never makes a slot.

import { Deferred, Duration, Effect, Exit, Fiber, Random, type Scope } from "effect"
import {
  type ChangeMaker,
  type ChangeStream,
  type ChangeStreamRequest,
  pumpChanges,
  type SlotHealth,
  watchSlot,
} from "../../actors/index.js"
import {
  backoffCeiling,
  defaultBufferBytes,
  defaultRetryPolicy,
  mayPass,
  Outcome,
  type RetryPolicy,
  slotMissing,
  type SourceProblem,
  Wal,
} from "../../domain/index.js"
import * as PostgresChanges from "../sources/wal/PostgresChanges.js"
import * as TargetGuard from "../transports/guard/TargetGuard.js"
import * as Agents from "../transports/webhook/Agents.js"
import * as Deadlines from "../transports/webhook/Deadlines.js"
import * as FailureMails from "./FailureMails.js"
import { Hook0Rows } from "./Hook0Rows.js"
import { hook0Sink } from "./Hook0Sink.js"
import { httpSink } from "./HttpSink.js"
import { OrderedDelivery } from "./OrderedDelivery.js"
import type { Parcel, ParcelSink } from "./ParcelSink.js"
import { remedied } from "./Remedies.js"
import { reportsTo, type Reports } from "./Reports.js"
import type { Wal2HttpConfig } from "./Wal2HttpConfig.js"

export interface Wal2HttpWorld {
  /** Writes whole lines to the standard output. */
  readonly write: (lines: string) => Effect.Effect<void>
  /** How a delivery is tried again. */
  readonly policy?: RetryPolicy
}

/** The subject of mails about failures, by which people may filter them. */
const mailSubject = "Replication Event Failure"
const mailInterval = Duration.minutes(5)

/** How long a stop waits for the transaction under way. */
const grace = Duration.seconds(8)

const reconnects = {
  initial: Duration.millis(250),
  max: Duration.seconds(30),
  factor: 2,
}
const mendedRetry = Duration.minutes(1)

/** Where changes go, and what is made of them for it. */
interface Route<P extends Parcel> {
  readonly sink: ParcelSink<P>
  readonly maker: (stream: ChangeStream) => ChangeMaker<P>
}

/** Runs until it is interrupted, and then ends in good order. */
export const wal2http = (
  config: Wal2HttpConfig,
  world: Wal2HttpWorld,
): Effect.Effect<void, SourceProblem> =>
  Effect.scoped(
    Effect.gen(function* () {
      const reports = reportsTo(yield* mailsOf(config), config)
      const run = <P extends Parcel>(route: Route<P>) =>
        untilStopped({ config, reports, route, policy: world.policy ?? defaultRetryPolicy })
      const connections = { agents: yield* Agents.make(), deadlines: yield* Deadlines.make }
      const { sink } = config
      const messages = (stream: ChangeStream) => new Wal.TransactionMessages(stream.readText)
      switch (sink.kind) {
        case "stdout": {
          const send = ({ json }: Parcel) =>
            Effect.as(world.write(`${json}\n`), Outcome.delivered())
          const stdout = { name: "the standard output", triesRejectedAgain: false, send }
          return yield* run({ sink: stdout, maker: messages })
        }
        case "http": {
          const http = yield* httpSink(connections, { url: sink.url, keysOf: config.slot })
          return yield* run({ sink: http, maker: messages })
        }
        case "hook0":
          return yield* run({
            sink: yield* hook0Sink(connections, sink),
            maker: ({ readText }) =>
              new Hook0Rows({
                applicationId: sink.applicationId,
                readText,
                passedOver: reports.passedOver,
              }),
          })
      }
    }),
    // The targets are the operator's own.
  ).pipe(Effect.provide(TargetGuard.layerDefault({ allowPrivateTargets: true })))

const mailsOf = ({ email }: Wal2HttpConfig) =>
  email === undefined
    ? Effect.succeed(undefined)
    : FailureMails.make({ email, subject: mailSubject, interval: mailInterval }).pipe(
        Effect.catchAll(({ message }) =>
          Effect.as(Effect.logWarning("No mail will tell of failures", message), undefined),
        ),
      )

interface Run<P extends Parcel> {
  readonly config: Wal2HttpConfig
  readonly reports: Reports
  readonly route: Route<P>
  readonly policy: RetryPolicy
}

/** One stream after the other. An interruption lets the transaction under way end, and then the stream. */
const untilStopped = <P extends Parcel>(run: Run<P>): Effect.Effect<void, SourceProblem> =>
  Effect.gen(function* () {
    const stop = yield* Deferred.make<void>()
    const current: Current<P> = { delivery: undefined, hasStreamed: false, failures: 0 }
    const stopped = Effect.zipRight(
      Deferred.await(stop),
      Effect.suspend(() =>
        current.delivery === undefined
          ? Effect.void
          : Effect.zipRight(current.delivery.stop, Effect.sleep(grace)),
      ),
    )
    const life = Effect.interruptible(Effect.raceFirst(streams(run, current), stopped))
    return yield* Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        // A child would be interrupted together with its parent.
        const fiber = yield* Effect.forkDaemon(life)
        const exit = yield* Effect.exit(restore(Fiber.join(fiber)))
        if (!Exit.isInterrupted(exit)) return yield* exit
        yield* Effect.logInfo("Stopping: the transaction under way may end")
        yield* Deferred.succeed(stop, undefined)
        yield* Fiber.await(fiber)
        yield* Effect.logInfo("Stopped")
      }),
    )
  })

interface Current<P extends Parcel> {
  delivery: OrderedDelivery<P> | undefined
  hasStreamed: boolean
  /** Problems since it last streamed. */
  failures: number
}

/** Ends when the delivery has stopped, or with a problem that somebody has to mend first. */
const streams = <P extends Parcel>(
  run: Run<P>,
  current: Current<P>,
): Effect.Effect<void, SourceProblem> =>
  Effect.gen(function* () {
    const { config, reports } = run
    for (;;) {
      const ended = yield* Effect.either(Effect.scoped(stream(run, current)))
      if (ended._tag === "Right") return
      const problem = remedied(ended.left, config)
      const passes = mayPass(problem)
      if (!passes && !current.hasStreamed) return yield* problem
      yield* reports.problem(problem)
      current.failures++
      const random = yield* Random.next
      const ceiling = backoffCeiling(reconnects, current.failures)
      yield* Effect.sleep(passes ? ceiling * (0.5 + random / 2) : mendedRetry)
    }
  })

const stream = <P extends Parcel>(
  { config, policy, reports, route }: Run<P>,
  current: Current<P>,
): Effect.Effect<void, SourceProblem, Scope.Scope> =>
  Effect.gen(function* () {
    const { lagBudget, lagLimit, slot } = config
    const { maker, sink } = route
    const stream = yield* PostgresChanges.service.open(requestOf(config))
    current.hasStreamed = true
    current.failures = 0
    yield* reports.streaming(sink.name)
    let health: SlotHealth | undefined
    const delivery = yield* OrderedDelivery.make({
      sink,
      policy,
      setAside: reports.setAside,
      failing: ({ outcome: { reason } }) => reports.failing(sink.name, reason),
      recovered: reports.recovered(sink.name),
      isOverLimit: () =>
        lagLimit !== undefined && health !== undefined && health.lagBytes > lagLimit,
    })
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        current.delivery = delivery
      }),
      () =>
        Effect.sync(() => {
          current.delivery = undefined
        }),
    )
    const pump = pumpChanges({
      stream,
      maker: maker(stream),
      bufferBytes: defaultBufferBytes,
      counts: { changes: 0, transactions: 0 },
      outlet: delivery,
      oneByOne: true,
    })
    const watch = watchSlot({
      stream,
      slot,
      lagBudget,
      looked: (found) => {
        health = found
      },
      alarm: (_, why) => reports.lagging(why),
    })
    const feeding = Effect.all([pump, watch], { concurrency: "unbounded", discard: true })
    yield* Effect.raceFirst(delivery.run, feeding)
  })

const requestOf = ({
  databaseUrl,
  publication,
  sink,
  slot,
}: Wal2HttpConfig): ChangeStreamRequest => ({
  url: databaseUrl,
  slot,
  publications: [publication],
  publicationTables: undefined,
  streaming: true,
  messages: false,
  // Rows of event tables are read here; all others go out as they come.
  valueForms: sink.kind === "hook0" ? "domain" : "server",
  readsAtStart: false,
  failover: false,
  systemId: undefined,
  beforeCreate: () => Effect.fail(slotMissing(slot)),
})
