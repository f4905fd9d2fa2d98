// Changes of a Postgres database through the Promise API: from a row to a function, and what is shown,
// kept, refused and let go of.

import { it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { describe, expect, vi } from "vitest"
import {
  createMesh,
  type MeshEvent,
  type MeshOptions,
  type PostgresSourceOptions,
  type PromiseMesh,
} from "../../../src/layers/embed/index.js"
import { freshDatabase, freshSchema, onServer } from "../../support/Postgres.js"
import { freshSlot, session, sharedServer } from "../sources/wal/WalRig.js"
import { failure } from "./Failure.js"

const server = sharedServer()

interface Shop {
  readonly url: string
  readonly sql: (...statements: ReadonlyArray<string>) => Promise<unknown>
  /** What a source of its changes is told. */
  readonly options: PostgresSourceOptions
  /** A mesh, closed at the end of the test at the latest. */
  readonly start: (options?: Partial<MeshOptions>) => Promise<PromiseMesh>
}

/** A database with a table of orders. */
const shop: Effect.Effect<Shop, never, Scope.Scope> = Effect.gen(function* () {
  const url = yield* Effect.orDie(freshDatabase(server()))
  const slot = yield* freshSlot
  const { run } = yield* session(url)
  const sql: Shop["sql"] = (...statements) => Effect.runPromise(run(...statements))
  yield* run("create table orders (id int primary key, state text)")
  const open: Array<PromiseMesh> = []
  yield* Effect.addFinalizer(() => Effect.promise(() => Promise.all(open.map((m) => m.close()))))
  return {
    url,
    sql,
    options: {
      databaseUrl: url,
      slot,
      publication: "shop",
      publicationTables: ["public.orders"],
      namespace: "acme.example",
    },
    start: async (options) => {
      const mesh = await createMesh({ store: "memory", log: () => undefined, ...options })
      open.push(mesh)
      return mesh
    },
  }
})

const inShop = (title: string, test: (shop: Shop) => Promise<void>) =>
  it.scopedLive(
    title,
    () => Effect.flatMap(shop, (made) => Effect.promise(() => test(made))),
    60_000,
  )

/** Collects what a function of a namespace takes. */
const collected = async (mesh: PromiseMesh) => {
  const events: Array<MeshEvent> = []
  const acme = await mesh.namespace("acme.example")
  await acme.handle(
    "orders",
    { types: ["postgres.public.orders.*"], ordering: "strict" },
    (event) => {
      events.push(event)
    },
  )
  return events
}

const streaming = (mesh: PromiseMesh) =>
  vi.waitUntil(async () => (await mesh.sources.get("shop")).state === "streaming", {
    timeout: 20_000,
  })

const slots = async (url: string, slot: string): Promise<number> =>
  (
    await Effect.runPromise(
      onServer(url, `select from pg_replication_slots where slot_name = '${slot}'`),
    )
  ).length

describe("changes of a Postgres database", () => {
  inShop("become events that a function takes", async ({ options, sql, start, url }) => {
    const mesh = await start()
    const events = await collected(mesh)
    await sql("insert into orders values (1, 'open')")
    const made = await mesh.sources.postgres("shop", { ...options, snapshot: "all" })
    const { databaseUrl: _, ...stated } = options
    expect(made).toMatchObject({
      name: "shop",
      kind: "wal",
      options: { ...stated, snapshot: "all" },
      server: expect.stringContaining(new URL(url).host),
      state: "connecting",
      snapshots: [],
      counts: { changes: 0, events: 0 },
      createdAt: expect.any(Date),
      updatedAt: made.createdAt,
    })
    await expect.poll(() => events.length, { timeout: 20_000 }).toBe(1)
    await sql("insert into orders values (2, 'open')", "update orders set state = 'paid'")
    await expect.poll(() => events.length, { timeout: 20_000 }).toBe(4)
    expect(events.map(({ data, subject, type }) => [type, subject, data])).toMatchObject([
      ["postgres.public.orders.read", "1", { after: { id: 1, state: "open" } }],
      ["postgres.public.orders.inserted", "2", { after: { id: 2, state: "open" } }],
      ["postgres.public.orders.updated", "1", { after: { id: 1, state: "paid" } }],
      ["postgres.public.orders.updated", "2", { after: { id: 2, state: "paid" } }],
    ])
  })

  inShop("are shown, told whole, and removed with their slot", async (shop) => {
    const { options, sql, start, url } = shop
    const mesh = await start()
    const events = await collected(mesh)
    await sql("insert into orders values (1, 'open'), (2, 'open')")
    await mesh.sources.postgres("shop", options)
    await streaming(mesh)

    const asked = await mesh.sources.snapshot("shop", "public.orders")
    expect(asked).toEqual({
      table: "public.orders",
      state: "waiting",
      rows: 0,
      requestedAt: expect.any(Date),
    })
    const told = () => mesh.sources.get("shop").then(({ snapshots }) => snapshots[0])
    await expect.poll(told, { timeout: 20_000 }).toEqual({
      ...asked,
      state: "done",
      rows: 2,
      estimatedRows: expect.any(Number),
      endedAt: expect.any(Date),
    })
    await expect.poll(() => events.map(({ subject }) => subject)).toEqual(["1", "2"])

    await expect.poll(async () => (await mesh.sources.get("shop")).counts.events).toBe(2)
    const info = await mesh.sources.get("shop")
    expect(info).toMatchObject({ state: "streaming", counts: { snapshotRows: 2 } })
    expect(info.position).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/)
    expect(info).not.toHaveProperty("problem")
    expect(await mesh.sources.list()).toMatchObject([{ name: "shop" }])
    expect(await mesh.sources.list("shop")).toEqual([])
    // The URL that is stored stays, and is not shown.
    const again = await mesh.sources.postgres("shop", { ...info.options, numbers: "nearest" })
    expect(again).toMatchObject({ createdAt: info.createdAt, options: { numbers: "nearest" } })
    expect(JSON.stringify(again)).not.toContain("password")

    expect(await slots(url, options.slot)).toBe(1)
    expect(await mesh.sources.remove("shop")).toEqual({ slot: "dropped" })
    expect(await slots(url, options.slot)).toBe(0)
    expect(await mesh.sources.list()).toEqual([])
    expect(await failure(mesh.sources.get("shop"))).toMatchObject({
      code: "SourceNotFound",
      facts: { source: "shop" },
    })
  })

  inShop("go on by themselves when the mesh starts again", async ({ options, sql, start, url }) => {
    const schema = await Effect.runPromise(Effect.scoped(freshSchema({ url })))
    const stored = { store: { databaseUrl: url, schema }, masterKey: "00".repeat(32) }
    const first = await start(stored)
    const before = await collected(first)
    await first.sources.postgres("shop", options)
    await streaming(first)
    await sql("insert into orders values (1)")
    await expect.poll(() => before.length, { timeout: 20_000 }).toBe(1)
    await first.close()
    expect(await failure(first.sources.list())).toMatchObject({ code: "MeshClosed" })

    await sql("insert into orders values (2)")
    const second = await start(stored)
    const after = await collected(second)
    await expect.poll(() => after.map(({ subject }) => subject), { timeout: 20_000 }).toEqual(["2"])
    expect(await second.sources.remove("shop")).toEqual({ slot: "dropped" })
  })

  inShop("say what is wrong with the database, and what to do", async ({ options, start }) => {
    const mesh = await start()
    const { publicationTables: _, ...incomplete } = options
    await mesh.sources.postgres("shop", incomplete)
    const problem = () => mesh.sources.get("shop").then((info) => info.problem)
    await expect.poll(problem, { timeout: 20_000 }).toEqual({
      code: "publication-missing",
      reason: expect.stringContaining("shop"),
      remedy: expect.any(String),
    })
    expect(await mesh.health()).toMatchObject({ ready: true, stuckSources: [{ source: "shop" }] })
    await mesh.sources.remove("shop")
  })

  inShop("are refused for a name or an option that is wrong", async ({ options, start }) => {
    const { sources } = await start()
    const wrong = async (more: object) => {
      const error = await failure(sources.postgres("shop", { ...options, ...more }))
      expect(error.code).toBe("InvalidSetting")
      return error.field
    }
    expect(await wrong({ slot: "No Slot" })).toBe("slot")
    expect(await wrong({ slot: undefined })).toBe("slot")
    expect(await wrong({ namespace: undefined })).toBe("namespace")
    expect(await wrong({ heartbeat: "10ms" })).toBe("heartbeat")
    expect(await wrong({ bufferBytes: "much" })).toBe("bufferBytes")
    expect(await wrong({ tables: ["orders"] })).toBe("tables")
    expect(await wrong({ kind: "kafka" })).toBe("kind")
    expect(await wrong({ databaseUrl: undefined })).toBe("databaseUrl")
    expect(await wrong({ databaseUrl: "https://db.example" })).toBe("databaseUrl")

    // What was given may hold a password, so it is in no message.
    const url = new URL("postgres://me:secret@db.example/shop")
    for (const given of [{ ...options, databaseUrl: url }, url.href, [url.href], null]) {
      const attempt = Reflect.apply(sources.postgres, sources, ["shop", given])
      const error = await failure(attempt)
      expect(error).toMatchObject({ code: "InvalidSetting" })
      expect(`${error.message}${JSON.stringify(error.facts)}`).not.toContain("secret")
    }

    expect(await failure(sources.postgres("no name", options))).toMatchObject({ field: "name" })
    expect(await failure(sources.get("no name"))).toMatchObject({ field: "name" })
    expect(await failure(sources.list("no name"))).toMatchObject({ field: "name" })
    expect(await failure(sources.remove("shop"))).toMatchObject({ code: "SourceNotFound" })
    expect(await failure(sources.snapshot("shop", "public.orders"))).toMatchObject({
      code: "SourceNotFound",
    })
    expect(await sources.list()).toEqual([])

    await sources.postgres("shop", options)
    expect(await failure(sources.snapshot("shop", "orders"))).toMatchObject({
      code: "InvalidSetting",
      field: "table",
    })
    expect(await wrong({ slot: "another" })).toBe("slot")
    await sources.remove("shop")
  })
})
