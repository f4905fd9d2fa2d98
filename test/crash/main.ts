/**
 * Kills a mesh at random instants under load and accounts for every acknowledged event.
 *
 *   npm run test:crash -- [--kills 50] [--seed text] [--store embedded|postgres]
 *
 * Ends with code 1 on any violation, and leaves the store for a look at it.
 */
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { Effect } from "effect"
import { onServer, testServer } from "../support/Postgres.js"
import type { ProcessOptions } from "../support/process/Protocol.js"
import { type CrashReport, crashRun } from "./CrashRun.js"

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    seed: { type: "string", default: randomBytes(4).toString("hex") },
    store: { type: "string", default: "embedded" },
  },
})

interface Place {
  readonly store: ProcessOptions["store"]
  readonly where: string
  readonly discard: Effect.Effect<void>
}

const embedded = Effect.sync((): Place => {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "eventloom-crash-"))
  return {
    store: { _tag: "Embedded", dataDir },
    where: dataDir,
    discard: Effect.sync(() => fs.rmSync(dataDir, { recursive: true, force: true })),
  }
})

const postgres = Effect.map(testServer, ({ url }): Place => {
  const schema = `crash_${randomBytes(6).toString("hex")}`
  return {
    store: { _tag: "Postgres", url, schema },
    where: `schema ${schema} of ${new URL(url).host}`,
    discard: Effect.ignore(onServer(url, `drop schema if exists ${schema} cascade`)),
  }
})

const median = (numbers: ReadonlyArray<number>): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([name, count]) => `${name} ${count}`).join(", ") || "none"

const table = (report: CrashReport, kills: number): ReadonlyArray<readonly [string, string]> => [
  ["kills", `${kills}, of which ${report.killsDuringStart} during a start`],
  ["namespaces", `${report.namespaces}, of which ${report.removed} removed`],
  ["removals resumed at", listed(report.resumedAt)],
  ["events published", `${report.published}, repetitions included`],
  ["events acknowledged", `${report.acknowledged}`],
  ["publishes cut off", `${report.unacknowledged}`],
  ["answered as duplicates", `${report.duplicateAnswers}`],
  ["refusals", listed(report.refusals)],
  ["deliveries", `${report.account.delivered}`],
  ["repeated by a kill", `${report.account.repeated}`],
  ["longest unwritten", `${report.account.longestUnwrittenMillis} ms before the kill`],
  ["dead letters", `${report.account.deadLetters}`],
  ["lost", `${report.account.lost}`],
  [
    "restart",
    `median ${median(report.startMillis.slice(1))} ms, longest ${Math.max(...report.startMillis.slice(1))} ms`,
  ],
  ["violations", `${report.violationCount}`],
]

const program = Effect.gen(function* () {
  const kills = Number(values.kills)
  const { store, where, discard } = yield* values.store === "postgres" ? postgres : embedded
  console.log(`crash run: seed ${values.seed}, ${kills} kills, ${values.store} store (${where})`)
  const startedAt = Date.now()
  const report = yield* Effect.scoped(
    crashRun({
      seed: values.seed,
      kills,
      store,
      publishers: 8,
      slots: 4,
      onKill: (count) => {
        if (process.stdout.isTTY) process.stdout.write(`\r${count} of ${kills} kills`)
      },
    }),
  )
  if (process.stdout.isTTY) process.stdout.write("\r")
  for (const [name, value] of table(report, kills)) console.log(`  ${name.padEnd(24)}${value}`)
  console.log(`  ${"seconds".padEnd(24)}${Math.round((Date.now() - startedAt) / 1000)}`)
  for (const violation of report.violations) console.error(`VIOLATION ${violation}`)
  if (report.violationCount === 0) return yield* discard
  console.error(`The store is left in ${where}. Again with: --seed ${values.seed}`)
  process.exitCode = 1
})

await Effect.runPromise(program)
