/**
 * Which alerts are told of, and when: the first of a cause at once, and what follows within an
 * interval as one, with how many there were. So a flood is one message now and one per interval.
 *
 * Causes that are remembered are bounded: beyond that, the cause heard of longest ago is forgotten, and
 * told of at once when it comes again.
 */
/** An alert with how often its cause came since it was last told of. */
export interface Report<A> {
  readonly alert: A
  readonly count: number
  /** When the first of those came, in milliseconds since the epoch. */
  readonly since: number
}

interface Cause<A> {
  /** When it was last told of, in milliseconds since the epoch. */
  toldAt: number
  /** What came since then; undefined when nothing did. */
  pending: { alert: A; count: number; readonly since: number } | undefined
}

const maxCauses = 4_096

export class AlertDigest<A> {
  readonly #intervalMillis: number
  readonly #causeOf: (alert: A) => string
  /** By key, the one that was last told of last. */
  readonly #causes = new Map<string, Cause<A>>()

  constructor(intervalMillis: number, causeOf: (alert: A) => string) {
    this.#intervalMillis = intervalMillis
    this.#causeOf = causeOf
  }

  /** Takes note of an alert; answers the report to make at once, if there is one. */
  raise(alert: A, now: number): Report<A> | undefined {
    const key = this.#causeOf(alert)
    const cause = this.#causes.get(key)
    // A clock that was set back must not silence a cause.
    if (cause !== undefined && now >= cause.toldAt && now - cause.toldAt < this.#intervalMillis) {
      const { pending } = cause
      if (pending === undefined) cause.pending = { alert, count: 1, since: now }
      else {
        pending.alert = alert
        pending.count++
      }
      return undefined
    }
    const report = {
      alert,
      count: (cause?.pending?.count ?? 0) + 1,
      since: cause?.pending?.since ?? now,
    }
    this.#tell(key, now)
    return report
  }

  /** The reports that are due: of causes that came again, an interval after they were told of. */
  due(now: number): ReadonlyArray<Report<A>> {
    const reports: Array<Report<A>> = []
    // Those that are told of go to the end, and are met there once more.
    for (const [key, { pending, toldAt }] of this.#causes) {
      if (now - toldAt < this.#intervalMillis) continue
      if (pending === undefined) {
        this.#causes.delete(key)
        continue
      }
      reports.push(pending)
      this.#tell(key, now)
    }
    return reports
  }

  /** When there may be reports due next, in milliseconds since the epoch; undefined when nothing waits. */
  get nextDue(): number | undefined {
    for (const { toldAt } of this.#causes.values()) return toldAt + this.#intervalMillis
    return undefined
  }

  #tell(key: string, now: number): void {
    this.#causes.delete(key)
    this.#causes.set(key, { toldAt: now, pending: undefined })
    if (this.#causes.size <= maxCauses) return
    const [oldest] = this.#causes.keys()
    if (oldest !== undefined) this.#causes.delete(oldest)
  }
}
