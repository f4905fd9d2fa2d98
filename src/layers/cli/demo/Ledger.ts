// The demo's own account, kept apart from the mesh's: what was published for whom, what arrived where
// and when. Its verdict is what the demo answers for.

/** Where events of a domain are expected. */
export class Destination {
  readonly domain: string
  readonly subscription: string
  readonly via: "webhook" | "handler"
  readonly isOrdered: boolean
  readonly matches: (type: string) => boolean
  /** Published and accepted for it, with when, in milliseconds of a monotonic clock. */
  readonly expected = new Map<string, number>()
  readonly received = new Map<string, number>()
  readonly latencies: Array<number> = []
  duplicates = 0
  outOfOrder = 0
  unsigned = 0
  /** Requests answered with 503. */
  refused = 0
  lastReceiptAt = 0
  readonly #lastOfKey = new Map<string, number>()

  constructor(options: {
    readonly domain: string
    readonly subscription: string
    readonly via: "webhook" | "handler"
    readonly isOrdered?: boolean
    readonly matches?: (type: string) => boolean
  }) {
    this.domain = options.domain
    this.subscription = options.subscription
    this.via = options.via
    this.isOrdered = options.isOrdered ?? false
    this.matches = options.matches ?? (() => true)
  }

  /** An event has arrived. `key` and `place` tell the order in which it was published. */
  receive(id: string, key: string, place: number, now: number): void {
    this.lastReceiptAt = now
    const before = this.received.get(id) ?? 0
    this.received.set(id, before + 1)
    if (before > 0) {
      this.duplicates++
      return
    }
    const publishedAt = this.expected.get(id)
    if (publishedAt !== undefined) this.latencies.push(now - publishedAt)
    if (!this.isOrdered) return
    if (place < (this.#lastOfKey.get(key) ?? -1)) this.outOfOrder++
    else this.#lastOfKey.set(key, place)
  }

  get lost(): number {
    let lost = 0
    for (const id of this.expected.keys()) if (!this.received.has(id)) lost++
    return lost
  }
}

/** The value below which the given share of the numbers lies; 0 when there are none. */
export const percentile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export interface DestinationFigures {
  readonly domain: string
  readonly subscription: string
  readonly via: string
  readonly expected: number
  readonly delivered: number
  readonly duplicates: number
  readonly lost: number
  readonly refused: number
  readonly unsigned: number
  readonly outOfOrder: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const hundredths = (value: number) => Math.round(value * 100) / 100

export const figuresOf = (destination: Destination): DestinationFigures => ({
  domain: destination.domain,
  subscription: destination.subscription,
  via: destination.via,
  expected: destination.expected.size,
  delivered: destination.received.size,
  duplicates: destination.duplicates,
  lost: destination.lost,
  refused: destination.refused,
  unsigned: destination.unsigned,
  outOfOrder: destination.outOfOrder,
  p50Ms: hundredths(percentile(destination.latencies, 0.5)),
  p99Ms: hundredths(percentile(destination.latencies, 0.99)),
})

/** One thing that had to be so, and whether it was. */
export interface Check {
  readonly what: string
  readonly holds: boolean
}
