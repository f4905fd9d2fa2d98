// What follows the end of a supervised actor: nothing, a restart after a pause, or giving up. Pure.
import { Duration } from "effect"
import type { ActorExit } from "./ActorExit.js"
import {
  allowsRestart,
  countRestarts,
  defaultIntensity,
  type RestartHistory,
  type RestartIntensity,
} from "./RestartIntensity.js"

/**
 * - `permanent`: restarted whenever it ends without having been stopped
 * - `transient`: restarted when it crashed
 * - `temporary`: never restarted
 */
export type RestartStrategy = "permanent" | "transient" | "temporary"

/** The pause before a restart: doubles with each restart that still counts, from `base` to `cap`. */
export interface RestartBackoff {
  readonly base: Duration.DurationInput
  readonly cap: Duration.DurationInput
}

export const defaultBackoff: RestartBackoff = { base: "100 millis", cap: "10 seconds" }

export interface RestartPolicy {
  readonly restart: RestartStrategy
  readonly intensity?: RestartIntensity
  readonly backoff?: RestartBackoff
}

export type AfterExit =
  | { readonly _tag: "Retire" }
  | { readonly _tag: "Restart"; readonly delayMillis: number }
  | { readonly _tag: "GiveUp" }

/** `GiveUp` is for a crash that nothing follows and for a budget that is used up. */
export const afterExit = (
  policy: RestartPolicy,
  exit: ActorExit,
  history: RestartHistory,
  nowMillis: number,
): AfterExit => {
  if (exit._tag === "Stopped") return { _tag: "Retire" }
  if (exit._tag === "Final" && policy.restart !== "permanent") return { _tag: "Retire" }
  if (policy.restart === "temporary") return { _tag: "GiveUp" }
  const intensity = policy.intensity ?? defaultIntensity
  if (!allowsRestart(intensity, history, nowMillis)) return { _tag: "GiveUp" }
  const earlier = countRestarts(intensity, history, nowMillis)
  return { _tag: "Restart", delayMillis: backoffMillis(policy.backoff ?? defaultBackoff, earlier) }
}

const backoffMillis = (backoff: RestartBackoff, earlierRestarts: number): number =>
  Math.min(
    Duration.toMillis(backoff.cap),
    Duration.toMillis(backoff.base) * 2 ** Math.min(earlierRestarts, 40),
  )
