// What a subscription's feed is told and what it is given.

import type {
  Audit,
  JournaledEvent,
  Ordering,
  Reason,
  Replay,
  RetryPolicy,
  Sequence,
  SubscriptionName,
} from "../../domain/index.js"
import type { NewDeadLetter } from "../ports/index.js"
import type { BatchWait } from "./BatchFill.js"
import type { RateMeter } from "./SharedRate.js"

export interface FeedOptions {
  readonly name: SubscriptionName
  readonly ordering: Ordering
  /** Which attempts are kept. */
  readonly audit: Audit
  /** Deliveries in flight at once. */
  readonly concurrency: number
  readonly retry: RetryPolicy
  /** The replay it is of, as it was stored at the start; undefined: the live flow. */
  readonly replay: Replay | undefined
  /** Events admitted and not settled: more than this and the feed falls behind. */
  readonly windowEvents: number
  /** Likewise, in characters of JSON. */
  readonly windowBytes: number
  /** Deliveries set aside: at this many, nothing more is admitted. */
  readonly maxDeferred: number
  /** Settled deliveries not yet written: at this many, none is started until they are. */
  readonly maxUnwritten: number
  /** Deliveries that may start; absent: as many as there is room for. */
  readonly rate?: RateMeter | undefined
  /** How long a batch may wait to be filled; absent: not at all. */
  readonly batch?: BatchWait | undefined
}

/** What has become of deliveries. */
export interface DeliveryCounts {
  delivered: number
  /** Attempts that ended otherwise. */
  failed: number
  /** Deliveries given up on. */
  dead: number
  /** Events lost: ephemeral ones that found no room or failed, and those that retention took from it. */
  dropped: number
}

export const noDeliveries = (): DeliveryCounts => ({ delivered: 0, failed: 0, dead: 0, dropped: 0 })

/** What a feed needs of its surroundings. Nothing in here may call the feed back synchronously. */
export interface FeedWorld {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Uniform from 0 up to but not including 1. */
  readonly random: () => number
  readonly deadLetterId: () => string
  /** Counts over all feeds of the mesh. */
  readonly totals: DeliveryCounts
  /** The last sequence offered to the live feeds of the namespace. */
  readonly head: () => Sequence
  readonly matches: (type: string) => boolean
  /** Whether the content filters take an event of a type that matches. */
  readonly passes: (event: JournaledEvent) => boolean
  readonly startWorker: () => void
  readonly wakeReader: () => void
  /** Pumps the feed at this time, in milliseconds since the epoch. */
  readonly alarm: (at: number) => void
  /** There is progress to write. */
  readonly touched: () => void
  readonly onGone: (reason: Reason) => void
  /** Everything there is to do is done and written. */
  readonly onIdle: () => void
  readonly onDeadLetter: (event: JournaledEvent, letter: NewDeadLetter) => void
}
