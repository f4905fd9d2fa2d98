// The life of a feed: its progress is loaded, it is routed, read for and worked for; when its scope
// closes, deliveries under way are cut off and what it achieved is written.

import { Duration, Effect, Either, Fiber, FiberSet, Option, type Scope } from "effect"
import {
  AckedRanges,
  batchOf,
  defaultOrdering,
  defaultRetryPolicy,
  describeDeadLetter,
  type InFlightReport,
  type JournaledEvent,
  origin,
  type Reason,
  reasonOf,
  type RetryPolicy,
  type Sequence,
  type Subscription,
} from "../../domain/index.js"
import type { FeedCourse } from "./FeedCourse.js"
import type { MeshWorld } from "../mesh/MeshWorld.js"
import type { NamespaceHub } from "../namespace/NamespaceHub.js"
import { Alarm } from "../kernel/index.js"
import { type Deferral, type NewDeadLetter, patiently } from "../ports/index.js"
import type { SinkGate } from "../sink/SinkGate.js"
import { compileContent } from "./Content.js"
import { readFor } from "./FeedReader.js"
import { workFor } from "./FeedWorker.js"
import type { SharedRate } from "./SharedRate.js"
import { SubscriptionFeed } from "./SubscriptionFeed.js"

export interface FeedRequest {
  readonly world: MeshWorld
  readonly hub: NamespaceHub
  readonly gate: SinkGate
  readonly subscription: Subscription
  /** The rate limit of the subscription, of which its replays take their part. */
  readonly rate: SharedRate | undefined
  /** What applies where the subscription states no retry policy. */
  readonly defaultRetry: RetryPolicy | undefined
  /** The destination asks for nothing more, or the feed cannot run as configured: it has stopped. */
  readonly onGone: (reason: Reason) => Effect.Effect<void>
}

/** How much of an event an alert about its dead letter shows, in UTF-16 units. */
const excerptLength = 1000
const deferralPage = 1000
/** How long the last progress may take to be written before the feed is let go of. */
const lastWrite: Duration.DurationInput = "5 seconds"

export interface RunningFeed {
  readonly feed: SubscriptionFeed
  /** Dies when the reader or a worker does: then the feed must begin anew. */
  readonly broken: Effect.Effect<never>
}

/** Starts a feed; it runs until the scope closes. Waits for the store as long as it does not answer. */
export const runFeed = <Change>(
  request: FeedRequest,
  course: FeedCourse<Change>,
): Effect.Effect<RunningFeed, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { world, hub, gate, subscription } = request
    const { name, spec } = subscription
    const { config } = world
    const content = compileContent(spec)
    if (Either.isLeft(content)) {
      // Stored under rules that have changed since. It keeps its place and says why.
      yield* request.onGone(reasonOf(`it is no longer valid: ${content.left.message}`))
      return yield* Effect.never
    }
    const { passes, transform } = content.right
    const progress = yield* patiently(loadProgress(course))
    const deferrals = yield* patiently(loadDeferrals(course))
    const wake = Effect.unsafeMakeLatch(false)
    const alarm = new Alarm()
    const { maxBytes, maxEvents, maxWait } = batchOf(spec)
    const maxWaitMillis = Duration.toMillis(maxWait)
    const batchWait = maxWaitMillis > 0 ? { maxEvents, maxBytes, maxWaitMillis } : undefined

    // Finalizers run in reverse: routes go first, then workers, then the last progress is written.
    // In a fiber of its own: this one may have been interrupted, and could not be cut off again.
    yield* Effect.addFinalizer(() =>
      Effect.timeout(course.log.flush(feed, changeOf), lastWrite).pipe(
        Effect.ignoreLogged,
        Effect.interruptible,
        Effect.forkDaemon,
        Effect.flatMap(Fiber.await),
        Effect.ensuring(Effect.sync(() => course.log.forget(feed))),
      ),
    )
    const workers = yield* FiberSet.make<void, never>()
    const fork = yield* FiberSet.runtime(workers)()
    const feed: SubscriptionFeed = new SubscriptionFeed(
      {
        name,
        ordering: spec.ordering ?? defaultOrdering,
        audit: spec.audit ?? "failures",
        ...course.options,
        retry: spec.retry ?? request.defaultRetry ?? defaultRetryPolicy,
        windowEvents: config.windowEvents,
        windowBytes: config.windowBytes,
        maxDeferred: config.maxDeferred,
        maxUnwritten: config.maxUnwritten,
        batch: batchWait,
      },
      {
        now: world.now,
        random: world.random,
        deadLetterId: world.nextDeadLetterId,
        totals: world.deliveries,
        head: course.head,
        matches: (type) => course.matches(feed, type),
        passes,
        // Not at once: the caller may be a publisher in the middle of a batch.
        startWorker: () => fork(worker, { immediate: false }),
        wakeReader: () => wake.unsafeOpen(),
        alarm: (at) => alarm.set(at),
        touched: () => course.log.touch(feed, changeOf),
        onGone: (reason) => fork(request.onGone(reason)),
        onIdle: course.onIdle,
        onDeadLetter: (event, letter) => fork(reportDeadLetter(request, event, letter)),
      },
      gate,
      progress,
      deferrals,
    )
    const changeOf = course.changeOf(feed)
    const worker = workFor(feed, {
      namespace: hub.name,
      incarnation: hub.incarnation,
      batchEvents: maxEvents,
      batchBytes: maxBytes,
      connection: () => gate.connection,
      transform,
    })
    yield* course.route(feed)
    const isPaced = course.options.rate !== undefined || batchWait !== undefined
    if (isPaced) yield* Effect.forkScoped(alarm.run(() => feed.pump()))
    const reader = yield* Effect.forkScoped(
      readFor(feed, hub, world.journal, world.deliveryLog, wake),
    )
    const broken = Effect.zipRight(
      Effect.raceFirst(Fiber.join(reader), FiberSet.join(workers)),
      Effect.never,
    )
    return { feed, broken }
  }).pipe(
    Effect.annotateLogs({
      namespace: request.hub.name,
      subscription: request.subscription.name,
    }),
  )

/** Starts nothing more and waits for what is in flight, up to a deadline; the rest is left to be cut off. */
export const drainFeed = (
  feed: Pick<SubscriptionFeed, "drained" | "inFlight" | "stop">,
  deadline: Duration.Duration,
): Effect.Effect<InFlightReport> =>
  Effect.suspend(() => {
    const before = feed.inFlight
    feed.stop()
    // Run by finalizers too, where only what says so can be interrupted.
    const drained = Effect.timeoutOption(Effect.interruptible(feed.drained), deadline).pipe(
      // The process may have been held up past the deadline: answers that came meanwhile are read first.
      Effect.zipRight(Effect.suspend(() => (feed.inFlight > 0 ? Effect.sleep(0) : Effect.void))),
    )
    return Effect.map(drained, () => ({
      completed: before - feed.inFlight,
      abandoned: feed.inFlight,
    }))
  })

const loadProgress = (course: Pick<FeedCourse<never>, "progress">) =>
  Effect.gen(function* () {
    const stored = yield* course.progress
    if (Option.isNone(stored)) return new AckedRanges()
    const { position, acknowledged } = stored.value
    const acked = AckedRanges.parse(acknowledged)
    if (acked._tag === "Right") return acked.right
    yield* Effect.logError("A stored position cannot be read; its floor is used", acked.left)
    return new AckedRanges(position)
  })

const loadDeferrals = (course: Pick<FeedCourse<never>, "deferrals">) =>
  Effect.gen(function* () {
    const all: Array<Deferral> = []
    let after: Sequence = origin
    for (;;) {
      const page = yield* course.deferrals(after, deferralPage)
      all.push(...page)
      const last = page.at(-1)
      if (last === undefined || page.length < deferralPage) return all
      after = last.sequence
    }
  })

const reportDeadLetter = (
  { hub, subscription, world }: FeedRequest,
  { event, json, sequence }: JournaledEvent,
  { id, reason }: NewDeadLetter,
): Effect.Effect<void> => {
  world.alerts.raise({
    _tag: "DeadLettered",
    namespace: hub.name,
    subscription: subscription.name,
    deadLetter: id,
    sequence,
    event: { source: event.source, id: event.id, type: event.type },
    reason,
    excerpt: json.slice(0, excerptLength),
  })
  return Effect.logWarning("A delivery was given up on").pipe(
    Effect.annotateLogs({
      namespace: hub.name,
      subscription: subscription.name,
      event: event.id,
      sequence,
      reason: describeDeadLetter(reason),
    }),
  )
}
