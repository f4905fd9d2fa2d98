/**
 * Whether answers such as 401, 403 and 404 blame the sink or the event.
 *
 * One such answer is only a suspicion, unless the transport is certain that it is the sink. Several different events in a row with none delivered between
 * show a misconfigured sink. A delivery in between clears the sink, and puts the blame on the events
 * that were suspect until then.
 *
 * Pure. Keep one {@link Suspicion} per sink; it never holds more events than the threshold.
 */
import type { Outcome } from "./Outcome.js"

/** How many different events it takes to blame the sink. */
export const MISCONFIGURATION_THRESHOLD = 3

/** The different events answered so since the sink last took one, oldest first. */
export interface Suspicion<Key> {
  readonly events: ReadonlyArray<Key>
}

/** Of a sink of which nothing bad is known, or whose configuration has changed. */
export const noSuspicion: Suspicion<never> = { events: [] }

export type MisconfigurationVerdict<Key> =
  /** Nothing to do. */
  | { readonly _tag: "Clear" }
  /** Too early to say: retry the event with backoff. */
  | { readonly _tag: "Suspect" }
  /** The sink is misconfigured: park it and raise an alert. */
  | { readonly _tag: "SinkMisconfigured" }
  /** The sink works, so these events are at fault: reject those of them that still wait. */
  | { readonly _tag: "RejectEarlier"; readonly events: ReadonlyArray<Key> }

/** The suspicion after the outcome of an attempt at an event, and what it means. */
export const observeMisconfiguration = <Key>(
  suspicion: Suspicion<Key>,
  event: Key,
  outcome: Outcome,
  threshold: number = MISCONFIGURATION_THRESHOLD,
): { readonly suspicion: Suspicion<Key>; readonly verdict: MisconfigurationVerdict<Key> } => {
  if (outcome._tag === "Delivered") {
    const events = suspicion.events.filter((suspect) => suspect !== event)
    return {
      suspicion: noSuspicion,
      verdict: events.length === 0 ? { _tag: "Clear" } : { _tag: "RejectEarlier", events },
    }
  }
  if (outcome._tag !== "Misconfigured") return { suspicion, verdict: { _tag: "Clear" } }
  // No suspicion against the event, then: it is not to blame once the sink works.
  if (outcome.certain === true) return { suspicion, verdict: { _tag: "SinkMisconfigured" } }
  const isKnown = suspicion.events.includes(event) || suspicion.events.length >= threshold
  const next = isKnown ? suspicion : { events: [...suspicion.events, event] }
  return {
    suspicion: next,
    verdict: { _tag: isConclusive(next, threshold) ? "SinkMisconfigured" : "Suspect" },
  }
}

const isConclusive = <Key>(suspicion: Suspicion<Key>, threshold: number): boolean =>
  suspicion.events.length >= Math.max(1, threshold)

/**
 * What becomes of a suspect event that has used up its attempts. Short of the threshold the event is
 * rejected; it still counts as a suspect, so that a sink that is offered one event at a time is found
 * out all the same.
 */
export const judgeExhaustedSuspect = <Key>(
  suspicion: Suspicion<Key>,
  threshold: number = MISCONFIGURATION_THRESHOLD,
): "RejectEvent" | "SinkMisconfigured" =>
  isConclusive(suspicion, threshold) ? "SinkMisconfigured" : "RejectEvent"
