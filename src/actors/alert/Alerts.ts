// Tells the operator what happened: alerts become events of the system namespace, if there is one, so
// that any sink carries them.
//
// Raising one costs nothing and never fails; telling of it is done by one fiber. A flood of one cause
// is one event now and one per interval. What happens to the system namespace itself is only logged,
// or a failing sink for alerts would raise alerts without end.

import { Array as Arr, Clock, Duration, Effect } from "effect"
import {
  type Alert,
  alertCause,
  AlertDigest,
  alertedNamespace,
  alertEvent,
  alertType,
  CloudEvent,
  type Report,
  systemNamespace,
} from "../../domain/index.js"
import type { PublishError } from "../mesh/Publisher.js"

export interface AlertsOptions {
  /** How long further alerts of a cause are collected before they are told of. */
  readonly interval: Duration.Duration
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Unique among all events of the namespace. */
  readonly nextId: () => string
}

/** Publishes to the system namespace. */
export type PublishAlerts = (
  events: ReadonlyArray<CloudEvent>,
) => Effect.Effect<unknown, PublishError>

/** Reports that wait to be published while the store does not answer; beyond it the oldest go. */
const maxWaiting = 1_000
const perPublish = 100
const retryAfter = Duration.seconds(5)

/** A report with what its event will have each time that publishing it is tried. */
interface Waiting {
  readonly report: Report<Alert>
  readonly id: string
  readonly time: number
}

export class Alerts {
  readonly #options: AlertsOptions
  readonly #digest: AlertDigest<Alert>
  readonly #waiting: Array<Waiting> = []
  readonly #arrival = Effect.unsafeMakeLatch(false)
  readonly #counts = new Map<string, number>()

  constructor(options: AlertsOptions) {
    this.#options = options
    this.#digest = new AlertDigest(Duration.toMillis(options.interval), alertCause)
  }

  /** How many were raised since the start, by type. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  raise(alert: Alert): void {
    const type = alertType(alert)
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1)
    if (alertedNamespace(alert) === systemNamespace) return
    const report = this.#digest.raise(alert, this.#options.now())
    if (report !== undefined) this.#wait([report])
    // Also when none is to be told of at once: the interval of its cause runs.
    this.#arrival.unsafeOpen()
  }

  /** Tells of what is raised, for ever. */
  run(publish: PublishAlerts): Effect.Effect<never> {
    return Effect.forever(
      Effect.suspend(() => {
        this.#arrival.unsafeClose()
        this.#wait(this.#digest.due(this.#options.now()))
        return this.#waiting.length > 0 ? this.#publish(publish) : this.#rest
      }),
    )
  }

  #wait(reports: ReadonlyArray<Report<Alert>>): void {
    const { nextId, now } = this.#options
    for (const report of reports) this.#waiting.push({ report, id: nextId(), time: now() })
    this.#makeRoom()
  }

  #makeRoom(): void {
    if (this.#waiting.length > maxWaiting) {
      this.#waiting.splice(0, this.#waiting.length - maxWaiting)
    }
  }

  get #rest(): Effect.Effect<void> {
    const due = this.#digest.nextDue
    if (due === undefined) return this.#arrival.await
    return Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.race(this.#arrival.await, Effect.sleep(Math.max(1, due - now))),
    )
  }

  #publish(publish: PublishAlerts): Effect.Effect<void> {
    return Effect.suspend(() => {
      const taken = this.#waiting.splice(0, perPublish)
      const [faults, events] = Arr.separate(
        taken.map(({ report, ...rest }) => CloudEvent.make(alertEvent(report, rest))),
      )
      const keep = Effect.sync(() => {
        this.#waiting.unshift(...taken)
        this.#makeRoom()
      })
      const unfit = Effect.forEach(faults, (fault) =>
        Effect.logError("An alert makes no event", fault),
      )
      const later = (error: PublishError) =>
        Effect.logWarning("Alerts could not be published; they wait", error).pipe(
          Effect.zipRight(keep),
          Effect.zipRight(Effect.sleep(retryAfter)),
        )
      return Effect.zipRight(unfit, Effect.asVoid(publish(events))).pipe(
        Effect.catchTags({
          // Nobody wants to be told.
          NamespaceNotFound: () => Effect.void,
          NamespaceDisabled: () => Effect.void,
          NamespaceRemoving: () => Effect.void,
          StoreUnavailable: later,
          MeshOverloaded: later,
        }),
        Effect.catchAll((error) => Effect.logError("Alerts were refused", error)),
      )
    })
  }
}
