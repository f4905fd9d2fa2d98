// The record of an attempt, made when it has ended.

import type { Outcome } from "../../domain/index.js"
import type { Attempt } from "../ports/index.js"
import type { Item } from "./Item.js"

/** `since`: when its delivery was first tried; `now`: when it ended. Both in milliseconds since the epoch. */
export const attemptOf = (item: Item, outcome: Outcome, since: number, now: number): Attempt => ({
  sequence: item.event.sequence,
  since,
  attempt: item.attempts + 1,
  startedAt: item.startedAt,
  durationMillis: durationOf(item, outcome, now),
  outcome: outcome._tag,
  ...(outcome._tag === "Delivered" ? {} : { reason: outcome.reason }),
  ...(item.replay === undefined ? {} : { replay: item.replay }),
  ...(isCode(outcome.status) ? { status: outcome.status } : {}),
})

/** The largest number that every store takes. */
const most = 2 ** 31 - 1

/** Transports are written by anyone: what is no code is not kept. */
const isCode = (status: number | undefined): status is number =>
  Number.isInteger(status) && Math.abs(status ?? 0) <= most

/** Never negative, should the clock be set back meanwhile. */
const durationOf = ({ startedAt }: Item, outcome: Outcome, now: number): number => {
  const told = outcome._tag === "Delivered" ? outcome.durationMillis : undefined
  const millis = told !== undefined && Number.isFinite(told) ? told : now - startedAt
  return Math.min(Math.max(0, Math.round(millis)), most)
}
