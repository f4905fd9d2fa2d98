// What a running feed knows of one event: where it is, and what the store may not know yet.

import type { LiveStanding, Sequence } from "../../domain/index.js"
import type { DeliveryOrder } from "./DeliveryOrder.js"
import type { FeedProgress } from "./FeedProgress.js"
import type { FeedWindow } from "./FeedWindow.js"
import type { SetAside } from "./SetAside.js"
import type { UnwrittenRecords } from "./UnwrittenProgress.js"

export interface FeedStanding {
  readonly live: LiveStanding
  readonly unwritten: UnwrittenRecords
}

export interface FeedParts {
  readonly order: DeliveryOrder
  readonly progress: FeedProgress
  readonly aside: SetAside
  readonly window: FeedWindow
}

/** Looks at what is there; costs the path of events nothing. */
export const standingIn = (parts: FeedParts, sequence: Sequence, now: number): FeedStanding => {
  const unwritten = parts.progress.unwrittenOf(sequence)
  return { live: liveStanding(parts, sequence, unwritten, now), unwritten }
}

const liveStanding = (
  { order, progress, aside, window }: FeedParts,
  sequence: Sequence,
  { isRedelivered }: UnwrittenRecords,
  now: number,
): LiveStanding => {
  const behind = (orderKey: string): LiveStanding => {
    const holder = aside.holder(orderKey) ?? order.holder(orderKey)
    return { _tag: "OrderedBehind", sequence: holder === sequence ? undefined : holder }
  }
  const deferral = aside.get(sequence)
  // One of a replay says nothing of the live flow, which had its turn.
  if (deferral !== undefined && deferral.replay === undefined) {
    const { attempts, dueAt, orderKey, reason } = deferral
    const item = window.retried(sequence)
    if (item !== undefined) return startedOr(order, sequence, item.attempts + 1)
    if (dueAt === undefined) return behind(orderKey ?? "")
    return dueAt <= now
      ? { _tag: "Queued" }
      : { _tag: "Retry", attempt: attempts + 1, dueAt, last: reason }
  }
  if (isRedelivered) return { _tag: "Queued" }
  if (progress.isOpen(sequence)) {
    const orderKey = order.keyAwaitedBy(sequence)
    return orderKey === undefined ? startedOr(order, sequence, 1) : behind(orderKey)
  }
  if (sequence <= window.scanned || progress.isSettled(sequence)) return { _tag: "Over" }
  const events = Math.max(0, sequence - progress.position(window.scanned) - 1)
  return { _tag: "Behind", events }
}

const startedOr = (order: DeliveryOrder, sequence: Sequence, attempt: number): LiveStanding =>
  order.isReady(sequence) ? { _tag: "Queued" } : { _tag: "InFlight", attempt }
