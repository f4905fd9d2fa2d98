// The short form of `npm run test:crash`: a few kills, on the embedded store.

import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { temporaryDirectory } from "../support/TemporaryDirectory.js"
import { crashRun } from "./CrashRun.js"

it.scopedLive(
  "what is acknowledged survives a few kills",
  () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryDirectory
      const report = yield* crashRun({
        seed: "short",
        kills: 4,
        store: { _tag: "Embedded", dataDir },
        publishers: 4,
        slots: 2,
      })
      expect(report.violations).toEqual([])
      expect(report.account.lost).toBe(0)
      expect(report.acknowledged).toBeGreaterThan(50)
      expect(report.account.delivered).toBeGreaterThan(50)
    }),
  240_000,
)
