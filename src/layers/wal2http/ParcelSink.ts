// What is delivered, and where to. A parcel is one message or one event; a sink takes them one by one.

import type { Effect } from "effect"
import type { Outcome } from "../../domain/index.js"

export interface Parcel {
  /** The same for every attempt at it, and for no other. */
  readonly key: string
  /** It tells of something; else it only says what others belong to. */
  readonly isChange: boolean
  /** What is delivered, as JSON. */
  readonly json: string
}

export interface ParcelSink<P extends Parcel = Parcel> {
  /** For people: where parcels go, and nothing that is secret. */
  readonly name: string
  /** Whether a parcel that is rejected is tried again before it is set aside. */
  readonly triesRejectedAgain: boolean
  readonly send: (parcel: P) => Effect.Effect<Outcome>
}
