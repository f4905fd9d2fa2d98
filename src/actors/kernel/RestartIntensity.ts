// How often an actor may be restarted: at most `maxRestarts` in any window of `withinMillis`. A pure
// decision over the instants of the restarts so far; one more crash than that is not bad luck.

export interface RestartIntensity {
  readonly maxRestarts: number
  readonly withinMillis: number
}

/** The instants (epoch milliseconds) of the restarts that still count, oldest first. */
export type RestartHistory = ReadonlyArray<number>

export const noRestarts: RestartHistory = []

export const defaultIntensity: RestartIntensity = { maxRestarts: 5, withinMillis: 60_000 }

/** The restarts of the window that ends at `nowMillis`; its beginning is not part of it. */
const stillCounting = (
  intensity: RestartIntensity,
  history: RestartHistory,
  nowMillis: number,
): RestartHistory => history.filter((at) => at > nowMillis - intensity.withinMillis)

export const countRestarts = (
  intensity: RestartIntensity,
  history: RestartHistory,
  nowMillis: number,
): number => stillCounting(intensity, history, nowMillis).length

export const allowsRestart = (
  intensity: RestartIntensity,
  history: RestartHistory,
  nowMillis: number,
): boolean => countRestarts(intensity, history, nowMillis) < intensity.maxRestarts

/** Call it with the instant at which the restart takes place, after any backoff. */
export const recordRestart = (
  intensity: RestartIntensity,
  history: RestartHistory,
  atMillis: number,
): RestartHistory => [...stillCounting(intensity, history, atMillis), atMillis]
