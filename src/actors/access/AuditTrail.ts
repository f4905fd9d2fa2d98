// Writes who changed what. The entry of a change is stored before the change is made, and taken back
// when the change is refused: no change is without its entry, whatever crashes. An entry may stand for
// a change that was asked for and cut off.

import { Duration, Effect } from "effect"
import {
  type AuditEntry,
  authorOf,
  type NamespaceName,
  type RemovalId,
  type RemovalReport,
  statedFields,
} from "../../domain/index.js"
import type { MeshConfigShape } from "../mesh/MeshConfig.js"
import { type AuditLog, StoreUnavailable } from "../ports/index.js"
import { CurrentOrigin } from "./CurrentOrigin.js"

/** What is about to be changed. */
export interface Change {
  /** Whose log it is for. Without one, the operator's. */
  readonly namespace?: NamespaceName
  /** The change is the operator's affair too, and for both logs. */
  readonly operators?: boolean
  /** The kind of thing and what is done to it: "sink.put". */
  readonly action: `${string}.${string}`
  readonly name: string
  /** What is stated of it. The names of its fields are recorded, never a value. */
  readonly input?: object
}

/** A log, by its namespace; the operator's without one. */
type Log = NamespaceName | undefined

export interface AuditTrailOptions {
  readonly log: AuditLog["Type"]
  readonly config: Pick<
    MeshConfigShape,
    "auditEntries" | "auditAge" | "retentionInterval" | "purgeRows"
  >
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Ascends with time. */
  readonly nextId: () => string
}

export class AuditTrail {
  readonly #options: AuditTrailOptions
  /** Logs that have grown since they were last trimmed. */
  readonly #grown = new Set<Log>()
  /** Entries of removals that are about to be complete. */
  readonly #completing = new Map<RemovalId, AuditEntry>()

  constructor(options: AuditTrailOptions) {
    this.#options = options
  }

  /** Makes a change, with its entry in the log. */
  changing<A, E, R>(
    change: Change,
    make: Effect.Effect<A, E, R>,
  ): Effect.Effect<A, E | StoreUnavailable, R> {
    const { namespace, operators = namespace === undefined } = change
    const logs: ReadonlyArray<Log> = [
      ...(operators ? [undefined] : []),
      ...(namespace === undefined ? [] : [namespace]),
    ]
    return logs.reduceRight(
      (make: Effect.Effect<A, E | StoreUnavailable, R>, log) => this.#recorded(log, change, make),
      make,
    )
  }

  /**
   * Completes a removal, which the operator's log has first, with what it took. However often that is
   * tried, it is one entry; only a process that is killed in between leaves a second one to the next.
   */
  completing<A, E>(
    { id, inFlight, namespace, steps }: RemovalReport,
    complete: Effect.Effect<A, E>,
  ): Effect.Effect<A, E | StoreUnavailable> {
    return Effect.gen(this, function* () {
      const rows = steps.reduce((sum, step) => sum + step.rows, 0)
      const entry = this.#completing.get(id) ?? {
        ...(yield* this.#entry({ action: "namespace.removed", name: namespace })),
        counts: { rows, ...inFlight },
      }
      this.#completing.set(id, entry)
      this.#grown.add(undefined)
      yield* this.#options.log.record(undefined, entry)
      const completed = yield* complete
      yield* this.completed({ id })
      return completed
    })
  }

  /** A removal is over, whether or not its completion was seen to succeed. */
  completed({ id }: Pick<RemovalReport, "id">): Effect.Effect<void> {
    return Effect.sync(() => this.#completing.delete(id))
  }

  list(
    log: Log,
    page: { readonly after?: string; readonly limit: number },
  ): Effect.Effect<ReadonlyArray<AuditEntry>, StoreUnavailable> {
    return this.#options.log.list(log, page)
  }

  /** Keeps the logs that grow within their bounds, for ever. */
  get trimming(): Effect.Effect<never> {
    const round = Effect.suspend(() => {
      const grown = [...this.#grown]
      this.#grown.clear()
      return Effect.forEach(grown, (log) => this.#trim(log), { discard: true })
    })
    return Effect.forever(Effect.delay(round, this.#options.config.retentionInterval))
  }

  #recorded<A, E, R>(
    log: Log,
    change: Change,
    make: Effect.Effect<A, E, R>,
  ): Effect.Effect<A, E | StoreUnavailable, R> {
    return Effect.gen(this, function* () {
      const entry = yield* this.#entry(change)
      const record = this.#options.log.record(log, entry)
      this.#grown.add(log)
      // Without a log there is nothing to change, unless this is what makes the namespace.
      const recorded = yield* record
      if (!recorded) return yield* Effect.zipLeft(make, record)
      return yield* Effect.tapError(make, (error) =>
        error instanceof StoreUnavailable ? Effect.void : this.#retract(log, entry.id),
      )
    })
  }

  #entry({ action, input, name }: Change): Effect.Effect<AuditEntry> {
    return Effect.map(CurrentOrigin, ({ caller, requestId }) => ({
      id: this.#options.nextId(),
      at: this.#options.now(),
      by: authorOf(caller),
      action,
      resource: { kind: action.slice(0, action.indexOf(".")), name },
      ...(input === undefined ? {} : { fields: statedFields(input) }),
      ...(requestId === undefined ? {} : { requestId }),
    }))
  }

  /** What is refused has changed nothing; its entry may stay if the store does not answer now. */
  #retract(log: Log, id: string): Effect.Effect<void> {
    return Effect.catchAll(this.#options.log.retract(log, id), (error) =>
      Effect.logWarning("The audit log has an entry of a change that was refused", error),
    )
  }

  #trim(log: Log): Effect.Effect<void> {
    const { config, now } = this.#options
    const { auditAge, auditEntries: keep, purgeRows: limit } = config
    const before = now() - Duration.toMillis(auditAge)
    const go: Effect.Effect<void, StoreUnavailable> = Effect.flatMap(
      this.#options.log.trim(log, { keep, before, limit }),
      (rows) => (rows < limit ? Effect.void : Effect.zipRight(Effect.yieldNow(), go)),
    )
    return Effect.catchAll(go, (error) => {
      this.#grown.add(log)
      return Effect.logWarning("An audit log could not be trimmed", error)
    })
  }
}
