// A delivery inside its subscription: one event on its way, from admission to its end.

import type { JournaledEvent, ReplayId } from "../../domain/index.js"

/** A sequence the position waits for. */
export interface Place {
  readonly sequence: number
  /** Settled, or set aside with a record of its own: the position may pass it. */
  passed: boolean
}

export interface Item {
  readonly event: JournaledEvent
  /** Its order key; undefined where it may overtake and be overtaken. */
  readonly orderKey: string | undefined
  /**
   * `fresh`: first time round. `retried`: it was set aside and has come back, its deferral stored.
   * `ephemeral`: not journalled, one attempt and no record.
   */
  readonly kind: "fresh" | "retried" | "ephemeral"
  readonly place: Place | undefined
  /** Attempts that count: those that ended while the sink was not known to be out. */
  readonly attempts: number
  /** When it was first tried, in milliseconds since the epoch. */
  readonly since: number | undefined
  /** The replay that it is of. */
  readonly replay: ReplayId | undefined
  /** Since when it waits for a sink that is out, likewise; undefined unless it does. */
  readonly parkedSince: number | undefined
  /** When the attempt under way began, in milliseconds since the epoch; 0 before. */
  startedAt: number
  /** The number of the probe of the sink that the attempt under way is; 0 where it is none. */
  probe: number
}
