// Fuzzes one target for a while, in a thread of its own, so that whoever started it can end it.

import { parentPort, workerData } from "node:worker_threads"
import * as fc from "fast-check"
import { Progress } from "./Progress.js"
import type { Target } from "./Target.js"
import { targets } from "./targets.js"

export const maxMillis = 100
const perSeed = 200

export interface FuzzOrder {
  readonly name: string
  readonly seconds: number
  readonly firstSeed: number
  readonly memory: SharedArrayBuffer
}

export interface Account {
  readonly executions: number
  readonly worstMillis: number
  readonly failure: string | undefined
}

const millisOf = (check: () => void): number => {
  const start = performance.now()
  check()
  return performance.now() - start
}

/** From here on a time may be that of others on the machine, and is taken again. */
const doubtMillis = 20

/** The time for an input: the least of a few, where it is in doubt. */
const timeFor = ({ check }: Target, input: unknown): number => {
  let least = millisOf(() => check(input))
  for (let again = 0; again < 3 && least > doubtMillis; again++)
    least = Math.min(
      least,
      millisOf(() => check(input)),
    )
  return least
}

const fuzz = (target: Target, { firstSeed, memory, seconds }: FuzzOrder): Account => {
  const progress = new Progress(memory)
  const end = performance.now() + seconds * 1000
  let executions = 0
  let worstMillis = 0
  for (let seed = firstSeed; performance.now() < end; seed++) {
    for (const input of fc.sample(target.inputs, { seed, numRuns: perSeed })) {
      const shown = fc.stringify(input).slice(0, 2_000)
      const failure = (what: string): Account => ({
        executions,
        worstMillis,
        failure: `${what}\n  seed ${seed}, input ${shown}`,
      })
      progress.begin(shown)
      try {
        worstMillis = Math.max(worstMillis, timeFor(target, input))
      } catch (cause) {
        return failure(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))
      }
      executions++
      if (worstMillis > maxMillis) return failure(`it took ${worstMillis.toFixed(0)} ms`)
    }
  }
  return { executions, worstMillis, failure: undefined }
}

const order = workerData as FuzzOrder
const target = targets.find(({ name }) => name === order.name)
if (target !== undefined) parentPort?.postMessage(fuzz(target, order))
