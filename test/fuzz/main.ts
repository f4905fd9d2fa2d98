/**
 * Has every parser read what it may meet, and more, for a while: none may crash, none may take longer
 * than 100 ms for one input, and what is accepted must be the same when it is written and read again.
 * One that hangs is ended from outside.
 *
 *   npm run test:fuzz -- [target …]
 *
 * `EVENTLOOM_FUZZ_SECONDS` is the time for each target (60), `EVENTLOOM_FUZZ_SEED` the seed to begin with.
 * Ends with code 1 when something did not hold, and prints the input.
 */
import process from "node:process"
import { Worker } from "node:worker_threads"
import type { Account, FuzzOrder } from "./FuzzTarget.js"
import { Progress } from "./Progress.js"
import { targets } from "./targets.js"

/** Without progress for so long, a parser hangs: slow inputs are tried again before they count. */
const hangMillis = 2_000
/** Until a thread has loaded what it fuzzes. */
const startMillis = 60_000
const seconds = Number(process.env["EVENTLOOM_FUZZ_SECONDS"] ?? 60)
const firstSeed = Number(process.env["EVENTLOOM_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31))

const fuzz = (name: string): Promise<Account> =>
  new Promise((resolve) => {
    const progress = new Progress()
    const order: FuzzOrder = { name, seconds, firstSeed, memory: progress.memory }
    const worker = new Worker(new URL("./thread.mjs", import.meta.url), { workerData: order })
    let seen = 0
    let since = performance.now()
    const watch = setInterval(() => {
      const now = performance.now()
      if (progress.begun !== seen) [seen, since] = [progress.begun, now]
      else if (now - since > (seen === 0 ? startMillis : hangMillis)) {
        end({
          executions: seen,
          worstMillis: now - since,
          failure: `it hangs\n  seed from ${firstSeed} on, input ${progress.input}`,
        })
      }
    }, 25)
    const end = (account: Account): void => {
      clearInterval(watch)
      void worker.terminate()
      resolve(account)
    }
    worker.once("message", end)
    worker.once("error", (cause: Error) =>
      end({
        executions: progress.begun,
        worstMillis: 0,
        failure: `${cause.stack ?? cause.message}\n  input ${progress.input}`,
      }),
    )
  })

const named = process.argv.slice(2)
const chosen = named.length === 0 ? targets : targets.filter(({ name }) => named.includes(name))
if (chosen.length === 0) {
  console.error(`No such target. There are: ${targets.map(({ name }) => name).join(", ")}`)
  process.exitCode = 2
}
console.log(`seed ${firstSeed}, ${seconds} s for each target`)
for (const { name } of chosen) {
  const { executions, failure, worstMillis } = await fuzz(name)
  console.log(
    `${name.padEnd(24)} ${String(executions).padStart(9)} executions, at worst ${worstMillis.toFixed(1)} ms`,
  )
  if (failure === undefined) continue
  process.exitCode = 1
  console.error(`  ${failure}`)
}
