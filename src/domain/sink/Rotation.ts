// Rotation: a new secret or key signs at once, and the one before it signs on beside it until an
// overlap ends, so that receivers can change over without missing anything. Then it is erased.
//
// At most two overlap. A rotation during an overlap is refused, since it may be the repetition of a
// request whose answer was lost, and dropping a secret that receivers still use is worse. One without
// an overlap is always taken: it ends all others at once.

import { Duration, Schema } from "effect"
import { NamespaceName, SinkName } from "../namespace/index.js"
import { durationBetween } from "../units/index.js"

export const defaultOverlap: Duration.Duration = Duration.hours(24)

/** How long what was rotated out signs on: 0 s to 30 days. */
export const Overlap = durationBetween(Duration.zero, Duration.days(30))

/** A rotation is under way: two secrets sign already, the older one until `until` (ms since the epoch). */
export class RotationUnderWay extends Schema.TaggedError<RotationUnderWay>()("RotationUnderWay", {
  namespace: NamespaceName,
  /** Absent: the signing key of the namespace is being rotated. */
  sink: Schema.optional(SinkName),
  until: Schema.Number,
}) {
  override get message(): string {
    const what = this.sink === undefined ? "signing key" : `secret of "${this.sink}"`
    return `The ${what} in "${this.namespace}" is being rotated until ${new Date(this.until).toISOString()}. With an overlap of "0s" the ones before end at once.`
  }
}

/** Until when what is rotated out at `now` signs on; undefined when it ends at once. */
export const overlapEnd = (overlap: Duration.Duration, now: number): number | undefined => {
  const millis = Duration.toMillis(overlap)
  return millis === 0 ? undefined : now + millis
}

/** Whether a rotation with this overlap must wait for the end of one that was begun before. */
export const isRotationBlocked = (
  overlap: Duration.Duration,
  until: number | undefined,
  now: number,
): boolean => until !== undefined && until > now && Duration.toMillis(overlap) > 0
