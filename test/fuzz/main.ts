/**
 * Has every parser read what it may meet, and more, for a while: none may crash, none may take longer
 * than 100 ms for one input, and what is accepted must be the same when it is written and read again.
 *
 *   npm run test:fuzz -- [target …]
 *
 * `EVENTLOOM_FUZZ_SECONDS` is the time for each target (60), `EVENTLOOM_FUZZ_SEED` the seed to begin with.
 * Ends with code 1 when something did not hold, and prints the input.
 */
import process from "node:process"
import * as fc from "fast-check"
import { expressionTargets } from "./ExpressionTargets.js"
import type { Target } from "./Target.js"
import { textTargets } from "./TextTargets.js"
import { wireTargets } from "./WireTargets.js"

const maxMillis = 100
const perSeed = 200
const seconds = Number(process.env["EVENTLOOM_FUZZ_SECONDS"] ?? 60)
const firstSeed = Number(process.env["EVENTLOOM_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31))

const millisOf = (check: () => void): number => {
  const start = performance.now()
  check()
  return performance.now() - start
}

/** The time for an input. A slow one is asked again: the machine may have been busy with others. */
const timeFor = ({ check }: Target, input: unknown): number => {
  let least = millisOf(() => check(input))
  for (let again = 0; again < 3 && least > maxMillis; again++)
    least = Math.min(
      least,
      millisOf(() => check(input)),
    )
  return least
}

interface Account {
  readonly executions: number
  readonly worstMillis: number
  readonly failure: string | undefined
}

const fuzz = (target: Target): Account => {
  const end = performance.now() + seconds * 1000
  let executions = 0
  let worstMillis = 0
  for (let seed = firstSeed; performance.now() < end; seed++) {
    for (const input of fc.sample(target.inputs, { seed, numRuns: perSeed })) {
      const failure = (what: string): Account => ({
        executions,
        worstMillis,
        failure: `${what}\n  seed ${seed}, input ${fc.stringify(input).slice(0, 2_000)}`,
      })
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

const named = process.argv.slice(2)
const all = [...expressionTargets, ...textTargets, ...wireTargets]
const targets = named.length === 0 ? all : all.filter(({ name }) => named.includes(name))
if (targets.length === 0) {
  console.error(`No such target. There are: ${all.map(({ name }) => name).join(", ")}`)
  process.exitCode = 2
}
console.log(`seed ${firstSeed}, ${seconds} s for each target`)
for (const target of targets) {
  const { executions, failure, worstMillis } = fuzz(target)
  console.log(
    `${target.name.padEnd(24)} ${String(executions).padStart(9)} executions, at worst ${worstMillis.toFixed(1)} ms`,
  )
  if (failure === undefined) continue
  process.exitCode = 1
  console.error(`  ${failure}`)
}
