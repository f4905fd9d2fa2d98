// What the process itself uses, for the metrics: memory, processor time, and how late its event loop
// runs what is due.

import { monitorEventLoopDelay } from "node:perf_hooks"
import { Effect, type Scope } from "effect"

export interface ProcessMetrics {
  readonly startedAtSeconds: number
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly heapUsedBytes: number
  /** Since the last reading. */
  readonly eventLoopLag: {
    readonly meanSeconds: number
    readonly p99Seconds: number
    readonly maxSeconds: number
  }
}

/** How often the loop is asked how late it is. What it adds to every sample is taken off again. */
const resolutionMillis = 20
const nanosPerSecond = 1e9

/** Measures the event loop until the scope closes; answers how to read the figures. */
export const watchProcess: Effect.Effect<
  Effect.Effect<ProcessMetrics>,
  never,
  Scope.Scope
> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const delays = monitorEventLoopDelay({ resolution: resolutionMillis })
      delays.enable()
      return delays
    }),
    (delays) => Effect.sync(() => delays.disable()),
  ),
  (delays) =>
    Effect.sync(() => {
      const seconds = (nanos: number) =>
        Number.isNaN(nanos) ? 0 : Math.max(0, nanos / nanosPerSecond - resolutionMillis / 1000)
      const { system, user } = process.cpuUsage()
      const { heapUsed, rss } = process.memoryUsage()
      const metrics = {
        startedAtSeconds: Date.now() / 1000 - process.uptime(),
        cpuSeconds: (system + user) / 1e6,
        residentBytes: rss,
        heapUsedBytes: heapUsed,
        eventLoopLag: {
          meanSeconds: seconds(delays.mean),
          p99Seconds: seconds(delays.percentile(99)),
          maxSeconds: seconds(delays.max),
        },
      }
      delays.reset()
      return metrics
    }),
)
