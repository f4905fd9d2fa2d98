// What an awake namespace may still publish: events and bytes of its rates, bytes of its journal.
//
// Synchronous, and asked twice: before anything is read of a publish, where a refusal costs next to
// nothing, and when its size is known, where all of it is let through or none.

import {
  type EffectiveSettings,
  type EventTooLarge,
  formatByteRate,
  formatRate,
  JournalFull,
  type NamespaceName,
  PublishExceedsBurst,
  PublishRateExceeded,
  type PublishRefused,
  type Rate,
  type RateQuota,
  TokenBucket,
} from "../../domain/index.js"

/** How soon a full journal may have room again: retention is tried at most so often for it. */
export const fullJournalMillis = 1_000

/** How long a refusal is given again as it is. */
const refusalMillis = 50

export class PublishQuota {
  readonly #namespace: NamespaceName
  #events: TokenBucket | undefined
  #bytes: TokenBucket | undefined
  #maxJournalBytes: number | undefined
  #journalBytes = 0
  /** Bytes let through whose commit has not ended. */
  #underWay = 0
  #last: { readonly refusal: PublishRefused; readonly at: number } | undefined
  /** When retention was last asked to make room. */
  #soughtAt = Number.NEGATIVE_INFINITY

  constructor(namespace: NamespaceName, settings: EffectiveSettings, now: number) {
    this.#namespace = namespace
    this.adopt(settings, now)
  }

  /** Takes over changed settings; what was published stays published. */
  adopt(settings: EffectiveSettings, now: number): void {
    this.#events = refit(this.#events, settings.publishRate, now)
    this.#bytes = refit(this.#bytes, settings.publishByteRate, now)
    this.#maxJournalBytes = settings.maxJournalBytes
    this.#last = undefined
  }

  /** Whether there is a rate of bytes. */
  get ratesBytes(): boolean {
    return this.#bytes !== undefined
  }

  /** Whether the bytes in the journal have to be known. */
  get countsJournal(): boolean {
    return this.#maxJournalBytes !== undefined
  }

  /** Everything that was taken has come back: the namespace may sleep, and nothing is forgotten. */
  hasRecovered(now: number): boolean {
    return (this.#events?.isFull(now) ?? true) && (this.#bytes?.isFull(now) ?? true)
  }

  /**
   * Why not even one event would pass now; undefined when one might. Says so in the same words for a
   * moment, since whoever asks too often should not have an error made each time.
   */
  refusal(now: number): PublishRefused | undefined {
    if (this.#isOpen(now)) {
      this.#last = undefined
      return undefined
    }
    if (this.#last !== undefined && Math.abs(now - this.#last.at) < refusalMillis) {
      return this.#last.refusal
    }
    const refusal =
      this.#rateRefusal("publishRate", this.#events, 1, now) ??
      this.#rateRefusal("publishByteRate", this.#bytes, 1, now) ??
      this.journalRefusal(1)
    this.#last = refusal === undefined ? undefined : { refusal, at: now }
    return refusal
  }

  #isOpen(now: number): boolean {
    if (this.#events !== undefined && this.#events.available(now) < 1) return false
    if (this.#bytes !== undefined && this.#bytes.available(now) < 1) return false
    return !this.#isFull(1) || this.maySeekRoom(now)
  }

  #isFull(bytes: number): boolean {
    const limitBytes = this.#maxJournalBytes
    return limitBytes !== undefined && this.#journalBytes + this.#underWay + bytes > limitBytes
  }

  /** Why so many events cannot pass now, whatever their size. */
  refusalOf(events: number, now: number): PublishRefused | undefined {
    return this.#rateRefusal("publishRate", this.#events, events, now)
  }

  /** Why the journal cannot take so many bytes. */
  journalRefusal(bytes: number): JournalFull | undefined {
    return this.#isFull(bytes)
      ? new JournalFull({
          namespace: this.#namespace,
          limitBytes: this.#maxJournalBytes ?? 0,
          currentBytes: this.#journalBytes + this.#underWay,
          retryAfterMillis: fullJournalMillis,
        })
      : undefined
  }

  /** A full journal may be looked at again, to see whether retention has something to trim. */
  maySeekRoom(now: number): boolean {
    return Math.abs(now - this.#soughtAt) >= fullJournalMillis
  }

  seeksRoom(now: number): void {
    this.#soughtAt = now
  }

  /** Lets a publish through, or says why not. `bytes` counts only where bytes have a rate. */
  take(events: number, bytes: number, now: number): PublishRefused | undefined {
    const refusal =
      this.refusalOf(events, now) ?? this.#rateRefusal("publishByteRate", this.#bytes, bytes, now)
    if (refusal !== undefined) return refusal
    this.#events?.take(events, now)
    this.#bytes?.take(bytes, now)
    return undefined
  }

  /** So many bytes that were let through are on their way to the journal. */
  begin(bytes: number): void {
    this.#underWay += bytes
  }

  /** They have arrived, `stored` of them: not those of duplicates, and none of a write that failed. */
  end(bytes: number, stored: number): void {
    this.#underWay -= bytes
    this.#journalBytes += stored
  }

  /**
   * The journal was counted. What a commit adds at this very moment may be counted twice, or, if the
   * commit is in doubt, not yet: the next count sets it right.
   */
  counted(journalBytes: number): void {
    this.#journalBytes = journalBytes
  }

  #rateRefusal(
    quota: RateQuota,
    bucket: TokenBucket | undefined,
    tokens: number,
    now: number,
  ): PublishRateExceeded | PublishExceedsBurst | undefined {
    if (bucket === undefined) return undefined
    const due = bucket.dueAt(tokens, now)
    if (due <= now) return undefined
    const { burst } = bucket.rate
    const limit = (quota === "publishRate" ? formatRate : formatByteRate)(bucket.rate)
    const namespace = this.#namespace
    return tokens > burst
      ? new PublishExceedsBurst({ namespace, quota, limit, burst, actual: tokens })
      : new PublishRateExceeded({ namespace, quota, limit, retryAfterMillis: due - now })
  }
}

const refit = (bucket: TokenBucket | undefined, rate: Rate | undefined, now: number) => {
  if (rate === undefined) return undefined
  if (bucket === undefined) return new TokenBucket(rate, now)
  const { amount, burst, perMillis } = bucket.rate
  const same = amount === rate.amount && burst === rate.burst && perMillis === rate.perMillis
  return same ? bucket : bucket.refitted(rate, now)
}

/** Publishes refused, by the setting that says so. */
export interface PublishRefusals {
  publishRate: number
  publishByteRate: number
  maxEventBytes: number
  maxJournalBytes: number
}

export const noRefusals = (): PublishRefusals => ({
  publishRate: 0,
  publishByteRate: 0,
  maxEventBytes: 0,
  maxJournalBytes: 0,
})

export const countRefusal = (
  refusals: PublishRefusals,
  refusal: PublishRefused | EventTooLarge,
): void => {
  switch (refusal._tag) {
    case "EventTooLarge":
      refusals.maxEventBytes++
      return
    case "JournalFull":
      refusals.maxJournalBytes++
      return
    case "PublishRateExceeded":
    case "PublishExceedsBurst":
      refusals[refusal.quota]++
  }
}
