// Standbys: decoded from where the server can, taken over to where the slot was kept on them, and
// explained where neither is possible.

import { it } from "@effect/vitest"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { onServer } from "../../../support/Postgres.js"
import { installedBin, startInstalled, startStandby } from "../../../support/PostgresCluster.js"
import {
  freshSlot,
  logicalFlags,
  plainOptions,
  sharedServer,
  sourceName,
  sourceRig,
  streamingRig,
  until,
} from "./WalRig.js"

const primary = sharedServer()
const table = "create table t (id int primary key)"

const subjects = (events: ReadonlyArray<{ readonly subject?: string }>) =>
  events.map(({ subject }) => subject)

const at = (url: string, database: string): string => {
  const there = new URL(url)
  there.pathname = database
  return there.href
}

const ask = (url: string, ...statements: ReadonlyArray<string>) =>
  Effect.orDie(onServer(url, ...statements))

describe("a standby", () => {
  it.scopedLive(
    "is read from, and takes over with the slot that was kept on it",
    () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(primary(), [table], { failover: true })
        const [made] = yield* rig.sql.run(
          `select failover from pg_replication_slots where slot_name = '${rig.slot}'`,
        )
        expect(made).toEqual({ failover: true })
        const standby = yield* startStandby(primary(), logicalFlags)
        const there = at(standby.url, new URL(rig.url).pathname)

        // Another source, decoding there: its slot needs a word of the primary on what is running.
        const slot = yield* freshSlot
        const reader = yield* sourceRig()
        yield* Effect.orDie(
          reader.mesh.sources.put(sourceName, { ...plainOptions, slot, databaseUrl: there }),
        )
        yield* until(
          "the standby to be decoded",
          Effect.zipRight(
            rig.sql.run("select pg_log_standby_snapshot()"),
            Effect.orDie(reader.mesh.sources.get(sourceName)),
          ),
          ({ state }) => state === "streaming",
        )
        yield* rig.sql.run("insert into t values (1)")
        expect(subjects(yield* reader.events(1))).toEqual(["1"])
        expect(subjects(yield* rig.events(1))).toEqual(["1"])
        yield* Effect.orDie(reader.mesh.sources.remove(sourceName))

        yield* until(
          "the slot to be on the standby",
          Effect.zipRight(
            rig.sql.run("select pg_log_standby_snapshot()"),
            ask(
              there,
              "select pg_sync_replication_slots()",
              `select synced and not temporary as kept from pg_replication_slots where slot_name = '${rig.slot}'`,
            ),
          ),
          ([row]) => row?.["kept"] === true,
        )
        // Gone from the primary, not yet on the standby: that passes when it is promoted.
        yield* Effect.orDie(
          rig.mesh.sources.put(sourceName, {
            ...plainOptions,
            slot: rig.slot,
            databaseUrl: there,
            failover: true,
          }),
        )
        const { problem } = yield* rig.source(({ state }) => state === "waiting")
        expect(problem?.code).toBe("in-recovery")
        yield* rig.sql.run("insert into t values (2)")
        yield* until(
          "the row to be on the standby",
          ask(there, "select count(*)::int as rows from t"),
          ([row]) => row?.["rows"] === 2,
        )
        yield* ask(there, "select pg_promote()", "insert into t values (3)")
        expect(subjects(yield* rig.events(3))).toEqual(["1", "2", "3"])
        const view = yield* rig.source(({ state }) => state === "streaming")
        expect(view.problem).toBeUndefined()
        yield* Effect.orDie(rig.mesh.sources.remove(sourceName))
      }),
    60_000,
  )

  const bin = Effect.runSync(Effect.cached(installedBin))
  it.scopedLive("of a version that cannot decode says so", (context) =>
    Effect.gen(function* () {
      const older = yield* bin
      if (older === undefined) return context.skip("no other server is installed")
      const server = yield* startInstalled(older, logicalFlags)
      const [version] = yield* ask(server.url, "show server_version_num")
      if (Number(version?.["server_version_num"]) >= 160_000) return context.skip("it can")
      const standby = yield* startStandby(server, logicalFlags)
      const rig = yield* sourceRig()
      yield* Effect.orDie(
        rig.mesh.sources.put(sourceName, {
          ...plainOptions,
          slot: yield* freshSlot,
          databaseUrl: standby.url,
          publicationTables: "all",
        }),
      )
      const { problem } = yield* rig.source(({ problem }) => problem !== undefined)
      expect(problem?.code).toBe("in-recovery")
      expect(problem?.reason).toContain("version 16")
    }),
  )
})
