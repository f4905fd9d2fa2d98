// A mesh whose store another process takes: it is told, and takes nothing more.

import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "pg"
import { createMesh } from "../../../src/layers/embed/index.js"
import { lockKey } from "../../../src/layers/stores/sql/PostgresLock.js"
import { freshSchema, serverMissing, testServer } from "../../support/Postgres.js"

const missing = await Effect.runPromise(serverMissing)
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing)

const test = missing === undefined ? it.scopedLive : it.scopedLive.skip

test(
  "is told when another process takes its store",
  () =>
    Effect.gen(function* () {
      const { url } = yield* testServer
      const schema = yield* freshSchema({ url })
      yield* Effect.promise(() => takeFrom(url, schema))
    }),
  60_000,
)

const takeFrom = async (url: string, schema: string): Promise<void> => {
  const mesh = await createMesh({
    store: { databaseUrl: url, schema },
    masterKey: "00".repeat(32),
    log: () => undefined,
  })
  const other = new Client({ connectionString: url, application_name: "another" })
  await other.connect()
  try {
    const acme = await mesh.namespace("acme.example")
    await acme.publish({ type: "a", source: "/s" })
    const key = lockKey(schema)
    // In line for the lock before its holder is cut off, so that it is the first to get it.
    const taken = other.query("select pg_advisory_lock($1)", [key])
    const admin = new Client({ connectionString: url })
    await admin.connect()
    await admin.query(
      `select pg_terminate_backend(pid) from pg_locks
       where locktype = 'advisory' and granted and objsubid = 1
         and (classid::bigint << 32) | objid::bigint = $1`,
      [key],
    )
    await admin.end()
    await taken
    const error = await mesh.lost
    expect(error).toMatchObject({ code: "StoreLocked" })
    expect(error.message).toContain("another")
    await expect(acme.publish({ type: "a", source: "/s" })).rejects.toMatchObject({
      code: "StoreUnavailable",
    })
  } finally {
    await mesh.close()
    await other.end()
  }
}
