// A crash run: a mesh in a process of its own is killed at random instants under mixed load, started
// again, and in the end everything that was acknowledged is accounted for.

import { createHash } from "node:crypto"
import {
  Clock,
  Deferred,
  Duration,
  Effect,
  Fiber,
  Option,
  Random,
  Ref,
  Schema,
  type Scope,
} from "effect"
import { removalSteps } from "../../src/domain/index.js"
import { type ProcessOptions, Standing } from "../support/process/Protocol.js"
import { type Account, audit } from "./Audit.js"
import { Ledger } from "./Ledger.js"
import { keeper, type Load, publisher } from "./Load.js"
import { openReceivers } from "./Receivers.js"
import { readRows } from "./StoreRows.js"
import { makeVictim, type Victim } from "./Victim.js"

export interface CrashOptions {
  readonly seed: string
  readonly kills: number
  readonly store: ProcessOptions["store"]
  readonly publishers: number
  readonly slots: number
  readonly onKill?: (kills: number) => void
}

export interface CrashReport {
  readonly account: Account
  readonly violations: ReadonlyArray<string>
  readonly violationCount: number
  readonly published: number
  readonly acknowledged: number
  readonly unacknowledged: number
  readonly duplicateAnswers: number
  readonly namespaces: number
  readonly removed: number
  readonly refusals: ReadonlyMap<string, number>
  readonly resumedAt: ReadonlyMap<string, number>
  readonly startMillis: ReadonlyArray<number>
  readonly killsDuringStart: number
}

const quiescence = Duration.seconds(120)

export const crashRun = (options: CrashOptions): Effect.Effect<CrashReport, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ledger = new Ledger()
    const processOptions: ProcessOptions = {
      store: options.store,
      drainMillis: 1_000,
      purgeRows: 25,
      breaker: { failures: 5, probeMaxMillis: 500 },
    }
    const seeded =
      (who: string) =>
      <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        Effect.withRandom(effect, Random.make(`${options.seed}/${who}`))
    const receivers = yield* openReceivers(ledger, chanceOf(options.seed))
    const victim = yield* makeVictim(ledger, processOptions)

    let ending = false
    const aimed = yield* Ref.make(yield* Deferred.make<number>())
    const load: Load = {
      ledger,
      victim,
      receivers,
      aim: (within) => Effect.flatMap(Ref.get(aimed), (next) => Deferred.succeed(next, within)),
      isEnding: () => ending,
    }
    const loops = yield* Effect.fork(
      Effect.all(
        [
          ...range(options.publishers).map((n) => seeded(`publisher ${n}`)(publisher(load))),
          ...range(options.slots).map((n) => seeded(`keeper ${n}`)(keeper(load, n))),
        ],
        { concurrency: "unbounded", discard: true },
      ),
    )

    const resumedAt = new Map<string, number>()
    const start = Effect.map(Effect.either(victim.start), (started) => {
      if (started._tag === "Left") {
        return ledger.violated(`the process did not start: ${JSON.stringify(started.left)}`)
      }
      for (const { stepsDone } of started.right) {
        const step = removalSteps[stepsDone] ?? "no step"
        resumedAt.set(step, (resumedAt.get(step) ?? 0) + 1)
      }
    })

    let killsDuringStart = 0
    yield* seeded("killer")(
      Effect.gen(function* () {
        for (let kills = 1; kills <= options.kills; kills++) {
          yield* Ref.set(aimed, yield* Deferred.make<number>())
          if (kills > 1 && (yield* Random.next) < 0.1) {
            killsDuringStart += 1
            yield* victim.launch
            yield* Effect.sleep(Duration.millis(yield* Random.nextIntBetween(100, 1_000)))
          } else {
            yield* start
            const life = Effect.sleep(Duration.millis(yield* Random.nextIntBetween(100, 4_000)))
            const aim = Effect.flatMap(Effect.flatMap(Ref.get(aimed), Deferred.await), (within) =>
              Effect.sleep(Duration.millis(within)),
            )
            yield* Effect.raceFirst(life, aim)
          }
          yield* victim.kill
          options.onKill?.(kills)
        }
      }),
    )

    yield* start
    ending = true
    ledger.healed = true
    const ended = yield* Effect.timeoutOption(Fiber.join(loops), quiescence)
    if (Option.isNone(ended)) {
      ledger.violated(`the load did not end; run ${ledger.run} has to answer:`)
      for (const question of victim.unanswered()) ledger.violated(question)
      ledger.violated(`it said: ${yield* victim.output}`)
      yield* Fiber.interrupt(loops)
    }
    yield* awaitQuiet(ledger, victim, receivers.lastRequestAt)
    const { code } = yield* victim.stop
    if (code !== 0) ledger.violated(`the process ended with code ${code} when asked to stop`)
    const account = audit(ledger, yield* readRows(processOptions))
    const events = ledger.tenants.flatMap((tenant) => [...tenant.events.values()])
    return {
      account,
      violations: ledger.violations,
      violationCount: ledger.violationCount,
      published: ledger.published,
      acknowledged: events.filter(({ acknowledgedAt }) => acknowledgedAt !== undefined).length,
      unacknowledged: ledger.unacknowledged,
      duplicateAnswers: ledger.duplicateAnswers,
      namespaces: ledger.tenants.length,
      removed: ledger.tenants.filter(({ status }) => status === "removed").length,
      refusals: ledger.refusals,
      resumedAt,
      startMillis: victim.startMillis,
      killsDuringStart,
    }
  })

const range = (count: number) => Array.from({ length: count }, (_, index) => index)

/** A sequence of numbers from 0 to 1 that the seed decides (mulberry32). */
const chanceOf = (seed: string): (() => number) => {
  let state = createHash("sha256").update(seed).digest().readInt32BE()
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Waits until every subscription has had everything, and nothing has come for a while. */
const awaitQuiet = (ledger: Ledger, victim: Victim, lastRequestAt: () => number) =>
  Effect.gen(function* () {
    const namespaces = ledger.tenants
      .filter(({ status }) => status === "active")
      .map(({ namespace }) => namespace)
    const until = (yield* Clock.currentTimeMillis) + Duration.toMillis(quiescence)
    for (;;) {
      const standing = yield* victim
        .insist({ _tag: "Standing", namespaces })
        .pipe(Effect.flatMap(Schema.decodeUnknown(Standing)), Effect.orDie)
      const now = yield* Clock.currentTimeMillis
      const waiting = standing.subscriptions.filter(
        ({ state, lag }) => lag > 0 || !["live", "asleep"].includes(state),
      )
      const { inFlight, deferred, parkedSinks } = standing
      const quiet = waiting.length === 0 && inFlight + deferred + parkedSinks === 0
      if (quiet && now - lastRequestAt() > 1_000) return
      if (now > until) {
        const sample = JSON.stringify(waiting.slice(0, 5))
        return ledger.violated(
          `not quiet: ${inFlight} in flight, ${deferred} deferred, ${parkedSinks} parked, ${sample}`,
        )
      }
      yield* Effect.sleep("200 millis")
    }
  })
