// The Promise API from the outside: what it promises, what it throws, what it lets go of.

import { mkdtemp, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { removalSteps } from "../../../src/domain/index.js"
import * as fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import {
  createMesh,
  type LogRecord,
  MeshError,
  type MeshEvent,
  type MeshNamespace,
  type MeshOptions,
  type PromiseMesh,
  RejectEvent,
  RetryLater,
} from "../../../src/layers/embed/index.js"
import { failure } from "./Failure.js"

const open: Array<PromiseMesh> = []

const start = async (options: Partial<MeshOptions> = {}): Promise<PromiseMesh> => {
  const mesh = await createMesh({ store: "memory", log: () => undefined, ...options })
  open.push(mesh)
  return mesh
}

const startNamespace = async (options?: Partial<MeshOptions>): Promise<MeshNamespace> =>
  (await start(options)).namespace("acme.example", { retry: { initial: "1ms", max: "2ms" } })

afterEach(async () => {
  await Promise.all(open.splice(0).map((mesh) => mesh.close()))
})

/** A promise and its end. */
const gate = <A = void>() => {
  let open: (value: A) => void = () => undefined
  const opened = new Promise<A>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

const event = (subject: string) => ({ type: "order.placed", source: "/shop", subject })

describe("keys and audit logs", () => {
  it("are made, listed and revoked, and who changed what is told", async () => {
    const mesh = await start()
    const acme = await mesh.namespace("acme.example", { retentionAge: "7d" })
    const expiresAt = new Date(Date.now() + 60_000)
    const made = await acme.keys.create({
      name: "checkout",
      scopes: ["read", "publish"],
      expiresAt,
    })
    expect(made).toMatchObject({
      name: "checkout",
      scopes: ["publish", "read"],
      expiresAt,
      key: expect.stringContaining(`elk_${made.id}_`),
    })
    const other = await acme.keys.create({ scopes: ["manage"] })
    const [first, second] = await acme.keys.list()
    expect([first?.id, second?.id]).toEqual([made.id, other.id].sort())
    expect(await acme.keys.list(first?.id)).toEqual([second])
    expect(JSON.stringify([first, second])).not.toContain("elk_")

    await acme.keys.revoke(made.id)
    expect(await acme.keys.list()).toMatchObject([{ id: other.id }])
    expect(await failure(acme.keys.revoke(made.id))).toMatchObject({ code: "KeyNotFound" })
    expect(await failure(acme.keys.revoke("nonsense"))).toMatchObject({ code: "InvalidSetting" })
    expect(await failure(acme.keys.create({ scopes: [] }))).toMatchObject({
      code: "InvalidSetting",
    })

    const records = await acme.audit()
    expect(records.map(({ action, resource }) => [action, resource.name])).toEqual([
      ["namespace.put", "acme.example"],
      ["key.create", made.id],
      ["key.create", other.id],
      ["key.revoke", made.id],
    ])
    expect(records[0]).toMatchObject({
      by: { kind: "process" },
      fields: ["retentionAge"],
      at: expect.any(Date),
    })
    const [, ...later] = records
    expect(await acme.audit({ after: records[0]?.id, limit: 2 })).toEqual(later.slice(0, 2))

    const report = await acme.remove({ wait: "10s" })
    const rows = report.steps.reduce((sum, step) => sum + step.rows, 0)
    expect((await mesh.audit()).slice(-2)).toMatchObject([
      { action: "namespace.remove", resource: { name: "acme.example" } },
      { action: "namespace.removed", counts: { rows, completed: 0, abandoned: 0 } },
    ])
  })
})

describe("publish", () => {
  it("supplies the id and the time, and answers for one event or for several", async () => {
    const acme = await startNamespace()
    const before = Date.now()
    const one = await acme.publish({ type: "a", source: "/s", data: { x: [1, null] } })
    const two = await acme.publish([
      { type: "a", source: "/s", id: "mine", time: new Date(0) },
      { type: "a", source: "/s", id: "mine" },
    ])
    expect(one).toMatchObject({ source: "/s", sequence: 1, duplicate: false })
    expect(two).toMatchObject([
      { id: "mine", sequence: 2, duplicate: false },
      { id: "mine", sequence: 2, duplicate: true },
    ])
    const { events, next } = await acme.read()
    expect(next).toBeUndefined()
    expect(events.map(({ sequence }) => sequence)).toEqual([1, 2])
    const [first, second] = events.map((entry) => entry.event)
    expect(first).toMatchObject({ specversion: "1.0", id: one.id, data: { x: [1, null] } })
    expect(Date.parse(first?.time ?? "")).toBeGreaterThanOrEqual(before)
    expect(second?.time).toBe("1970-01-01T00:00:00.000Z")
    await expect(acme.publish([])).resolves.toEqual([])
  })

  it("refuses all of a batch for one bad event, and says which field of which", async () => {
    const acme = await startNamespace()
    const error = await failure(acme.publish([event("1"), { type: "a", source: "not a uri" }]))
    expect(error).toMatchObject({
      name: "MeshError",
      code: "InvalidEvent",
      _tag: "InvalidEvent",
      field: "source",
      facts: { index: 1, field: "source" },
    })
    expect((await acme.read()).events).toEqual([])
    const badTime = acme.publish({ ...event("1"), time: new Date(Number.NaN) })
    expect(await failure(badTime)).toMatchObject({ code: "InvalidEvent", field: "time" })
  })

  it("never rejects with anything but a MeshError, whatever it is given", async () => {
    const acme = await startNamespace()
    await fc.assert(
      fc.asyncProperty(fc.object({ maxDepth: 2 }), async (input) => {
        const given = input as { readonly type: string; readonly source: string }
        const error = await acme.publish(given).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        expect(error === undefined || error instanceof MeshError).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it("is refused by a namespace that is disabled, until it is enabled", async () => {
    const acme = await startNamespace()
    await acme.disable()
    expect(await failure(acme.publish(event("1")))).toMatchObject({
      code: "NamespaceDisabled",
      facts: { namespace: "acme.example" },
    })
    await acme.enable()
    await expect(acme.publish(event("1"))).resolves.toMatchObject({ sequence: 1 })
  })
})

describe("handle", () => {
  it("tries again after a throw, with the same delivery id", async () => {
    const acme = await startNamespace()
    const attempts: Array<string> = []
    const done = gate()
    await acme.handle("h", { types: ["order.*"] }, async (_, { attempt, id, sequence }) => {
      attempts.push(`${id} ${sequence}`)
      if (attempt < 3) throw new Error("not yet")
      done.open()
    })
    await acme.publish(event("1"))
    await done.opened
    expect(attempts).toHaveLength(3)
    expect(new Set(attempts).size).toBe(1)
  })

  it("does not try again what is rejected, nor too early what comes later", async () => {
    const acme = await startNamespace()
    const seen: Array<string | undefined> = []
    const later = gate<number>()
    const notBefore = Date.now() + 200
    await acme.handle("h", ({ subject }, { attempt }) => {
      seen.push(subject)
      if (subject === "bad") throw new RejectEvent("never")
      if (attempt === 1) throw new RetryLater("busy", new Date(notBefore))
      later.open(Date.now())
    })
    await acme.publish([event("bad"), event("later")])
    expect(await later.opened).toBeGreaterThanOrEqual(notBefore)
    expect(seen).toEqual(["bad", "later", "later"])
  })

  it("lists what was given up on, tries it again and forgets it", async () => {
    const acme = await startNamespace()
    let isFixed = false
    const taken = gate()
    await acme.handle("h", () => {
      if (!isFixed) throw new RejectEvent("never")
      taken.open()
    })
    await acme.publish([event("1"), event("2")])
    const letters = async () => (await acme.deadLetters({ subscription: "h" })).deadLetters
    await expect.poll(async () => (await letters()).length).toBe(2)
    const [first, second] = await letters()
    expect(first).toMatchObject({
      subscription: "h",
      sequence: 1,
      reason: "Rejected",
      detail: expect.stringContaining("never"),
      event: { subject: "1" },
    })
    isFixed = true
    await acme.redeliver(first?.id ?? "")
    await taken.opened
    await acme.discard(second?.id ?? "")
    expect(await acme.redeliverAll()).toEqual({ redelivered: 0, skipped: 0, next: undefined })
    expect(await failure(acme.redeliver("dl_0"))).toMatchObject({ code: "DeadLetterNotFound" })
    const wrong = failure(acme.deadLetters({ since: new Date(Number.NaN) }))
    expect(await wrong).toMatchObject({ code: "InvalidSetting", field: "since" })
  })

  it("keeps the place of a function that is detached for the next one", async () => {
    const acme = await startNamespace()
    const detach = await acme.handle("h", () => undefined)
    expect(await failure(acme.handle("h", () => undefined))).toMatchObject({
      code: "HandlerAttached",
      facts: { sink: "h" },
    })
    await detach()
    await acme.publish(event("meanwhile"))
    const got = gate<MeshEvent>()
    await acme.handle("h", got.open)
    expect(await got.opened).toMatchObject({ subject: "meanwhile" })
  })

  it("names the option that is wrong", async () => {
    const acme = await startNamespace()
    const wrong = (options: object) => failure(acme.handle("h", options, () => undefined))
    expect(await wrong({ types: ["a*"] })).toMatchObject({
      code: "InvalidSetting",
      field: "types.0",
    })
    expect(await wrong({ retry: { attempts: 0 } })).toMatchObject({ field: "retry.attempts" })
    expect(await wrong({ order: "strict" })).toMatchObject({ field: "order" })
    expect(await failure(acme.handle("no name", () => undefined))).toMatchObject({ field: "name" })
  })
})

describe("subscriptions", () => {
  it("are listed with their lag, paused, resumed and deleted with their sink", async () => {
    const acme = await startNamespace({ allowPrivateTargets: true })
    const { secret } = await acme.webhook("hook", { url: "http://127.0.0.1:9/" })
    expect(secret).toMatch(/^whsec_/)
    const rotated = await acme.rotateSecret("hook", { overlap: "1h" })
    expect(rotated).toEqual({ secret: expect.any(String), previousUntil: expect.any(Date) })
    expect(rotated.secret).not.toBe(secret)
    expect(await acme.signingKeys()).toEqual([])
    await acme.rotateSigningKey()
    expect(await acme.rotateSigningKey({ overlap: "1h" })).toEqual([
      { kid: expect.any(String), publicKey: expect.any(String), createdAt: expect.any(Date) },
      expect.objectContaining({ until: expect.any(Date) }),
    ])
    await acme.pause("hook")
    await acme.publish([event("1"), event("2")])
    expect(await acme.subscriptions()).toMatchObject([
      { name: "hook", sink: "hook", state: "paused", position: 0, lag: 2 },
    ])
    await acme.resume("hook")
    await acme.unsubscribe("hook")
    expect(await acme.subscriptions()).toEqual([])
    expect(await failure(acme.unsubscribe("hook"))).toMatchObject({ code: "SubscriptionNotFound" })
  })

  it("are given a part of the journal once more", async () => {
    const acme = await startNamespace()
    const seen: Array<unknown> = []
    const pace = { rate: "1000/s", concurrency: 1 }
    await acme.handle("h", { startAt: "earliest" }, ({ replay }) => void seen.push(replay))
    await acme.publish([event("1"), event("2"), event("3")])
    const { id, to } = await acme.replay("h", { from: { sequence: 2 }, pace })
    expect(to).toBe(3)
    await vi.waitUntil(async () => (await acme.replays("h"))[0]?.state === "completed")
    expect(seen.filter((replay) => replay === id).length).toBe(2)
    const slow = await acme.replay("h", { from: "earliest", pace: { rate: "1/h" } })
    expect(await acme.cancelReplay("h", slow.id)).toMatchObject({ state: "cancelled" })
    expect(await failure(acme.cancelReplay("h", "rp_none"))).toMatchObject({
      code: "ReplayNotFound",
    })
    const from = { time: new Date("no") }
    expect(await failure(acme.replay("h", { from }))).toMatchObject({ code: "InvalidSetting" })
  })

  it("do not go to private addresses unless that is allowed", async () => {
    const acme = await startNamespace()
    expect(await failure(acme.webhook("hook", { url: "http://127.0.0.1:9/" }))).toMatchObject({
      code: "InvalidSetting",
      field: "url",
    })
  })
})

describe("stream", () => {
  it("has what is published after it is ready, and ends when it is closed", async () => {
    const acme = await startNamespace()
    await acme.publish(event("before"))
    const stream = acme.stream({ types: ["order.*"] })
    await stream.ready
    await acme.publish([event("1"), { type: "other", source: "/s" }, event("2")])
    const subjects: Array<string | undefined> = []
    for await (const { subject } of stream) {
      subjects.push(subject)
      if (subject === "2") void stream.close()
    }
    expect(subjects).toEqual(["1", "2"])
  })

  it("loses the newest events when it is read too slowly, and counts them", async () => {
    const acme = await startNamespace({ tuning: { streamBuffer: 2 } })
    const stream = acme.stream()
    await stream.ready
    await acme.publish([event("1"), event("2"), event("3")])
    expect(stream.dropped).toBe(1)
    await stream.close()
  })

  it("ends with its namespace, and fails for one that is gone", async () => {
    const acme = await startNamespace()
    const stream = acme.stream()
    await stream.ready
    await acme.remove()
    const events: Array<MeshEvent> = []
    for await (const received of stream) events.push(received)
    expect(events).toEqual([])
    const late = acme.stream()
    await expect(late[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "NamespaceNotFound",
    })
    expect(await failure(acme.stream({ types: [""] }).ready)).toMatchObject({
      code: "InvalidSetting",
      field: "types.0",
    })
  })
})

describe("tail", () => {
  it("has the journal and what comes after it, at the pace of the loop, and goes on where it was", async () => {
    const acme = await startNamespace({ tuning: { streamBuffer: 2 } })
    await acme.publish([event("1"), event("2")])
    const seen: Array<readonly [number, string | undefined]> = []
    const read = async (after: number, until: string) => {
      const tail = acme.tail({ after, types: ["order.*"] })
      await tail.ready
      for await (const { sequence, event: received } of tail) {
        if (received.subject === until) return tail.position
        seen.push([sequence, received.subject])
        if (received.subject === "2") {
          for (let n = 3; n < 40; n++) await acme.publish(event(`${n}`))
          await acme.publish({ type: "other", source: "/s" })
        }
      }
      throw new Error("the tail ended early")
    }
    // The loop leaves with an event in hand: it is the first of the next one.
    const position = await read(0, "20")
    expect(position).toBe(19)
    expect(await read(position, "39")).toBe(38)
    expect(seen).toEqual(Array.from({ length: 38 }, (_, n) => [n + 1, `${n + 1}`]))
  })

  it("begins with the call, has ephemeral events too, and ends with its namespace or the mesh", async () => {
    const mesh = await start()
    for (const end of ["namespace", "mesh"]) {
      const acme = await mesh.namespace("acme.example")
      await acme.publish(event("before"))
      const tail = acme.tail()
      await tail.ready
      await acme.publish(event("a"))
      await acme.publish(event("b"), { durability: "ephemeral" })
      const seen: Array<string | undefined> = []
      for await (const { sequence, event: received } of tail) {
        seen.push(`${sequence} ${received.subject}`)
        if (received.subject === "b") await (end === "mesh" ? mesh.close() : acme.remove())
      }
      expect(seen).toEqual(["2 a", "0 b"])
    }
  })

  it("fails for a namespace that is gone, and for a type that is none", async () => {
    const acme = await startNamespace()
    await acme.remove()
    expect(await failure(acme.tail().ready)).toMatchObject({ code: "NamespaceNotFound" })
    expect(await failure(acme.tail({ types: ["a*"] }).ready)).toMatchObject({ field: "types.0" })
  })
})

describe("event types", () => {
  it("are registered, listed, enforced and removed", async () => {
    const mesh = await start()
    const acme = await mesh.namespace("acme.example", { schemaEnforcement: "reject" })
    await acme.registerEventType("order.placed", {
      schema: { type: "object", required: ["total"] },
      description: "An order",
    })
    expect(await acme.eventTypes()).toEqual([
      {
        type: "order.placed",
        schema: { type: "object", required: ["total"] },
        description: "An order",
      },
    ])
    const order = { type: "order.placed", source: "/shop" }
    expect(await failure(acme.publish({ ...order, data: {} }))).toMatchObject({
      code: "SchemaMismatch",
      field: "data.total",
    })
    await acme.publish({ ...order, data: { total: 1 } })
    await acme.removeEventType("order.placed")
    await acme.publish({ ...order, data: {} })
    expect(await failure(acme.removeEventType("order.placed"))).toMatchObject({
      code: "EventTypeNotFound",
    })
    expect(await failure(acme.registerEventType("a b", {}))).toMatchObject({ field: "type" })
  })
})

describe("namespace", () => {
  it("registers a name once and leaves settings alone that are not stated again", async () => {
    const mesh = await start()
    const acme = await mesh.namespace("acme.example", { maxEventBytes: "120B" })
    const again = await mesh.namespace("acme.example")
    const large = { ...event("1"), data: "x".repeat(200) }
    expect(await failure(again.publish(large))).toMatchObject({ code: "EventTooLarge" })
    await mesh.namespace("acme.example", {})
    await expect(acme.publish(large)).resolves.toMatchObject({ duplicate: false })
    expect(await mesh.namespaces()).toEqual(["acme.example"])
    expect(await mesh.namespaces("acme.example")).toEqual([])
  })

  it("refuses a name or setting that is wrong", async () => {
    const mesh = await start()
    expect(await failure(mesh.namespace("Acme Inc"))).toMatchObject({ field: "namespace" })
    const wrong = mesh.namespace("acme.example", { retentionAge: "soon" })
    expect(await failure(wrong)).toMatchObject({ code: "InvalidSetting", field: "retentionAge" })
    const unknown = mesh.namespace("acme.example", { hostType: "gold" })
    expect(await failure(unknown)).toMatchObject({ code: "HostTypeNotFound" })
  })

  it("is removed whole, and its name starts empty", async () => {
    const mesh = await start()
    const acme = await mesh.namespace("acme.example")
    await acme.handle("h", () => undefined)
    await acme.publish(event("1"))
    const account = await acme.remove()
    expect(account).toMatchObject({ namespace: "acme.example", complete: true })
    expect(account.steps).toHaveLength(removalSteps.length)
    expect(await failure(acme.publish(event("2")))).toMatchObject({ code: "NamespaceNotFound" })
    const anew = await mesh.namespace("acme.example")
    await anew.handle("h", () => undefined)
    await expect(anew.publish(event("1"))).resolves.toMatchObject({ sequence: 1 })
  })
})

describe("the mesh", () => {
  it("shows its actors and its health", async () => {
    const mesh = await start()
    const acme = await mesh.namespace("acme.example")
    await acme.handle("h", () => undefined)
    const paths: Array<string> = []
    const walk = ({ children, path }: Awaited<ReturnType<PromiseMesh["actors"]>>): void => {
      paths.push(path)
      children.forEach(walk)
    }
    walk(await mesh.actors())
    expect(paths).toContain("mesh/namespaces/acme.example/subscriptions/h")
    expect(await mesh.health()).toEqual({
      ready: true,
      problems: [],
      parkedSinks: [],
      stuckSources: [],
    })
  })

  it("waits for deliveries in flight when it closes, and answers nothing afterwards", async () => {
    const mesh = await start()
    const acme = await mesh.namespace("acme.example")
    const began = gate()
    const end = gate()
    let ended = false
    await acme.handle("h", async () => {
      began.open()
      await end.opened
      ended = true
    })
    await acme.publish(event("1"))
    await began.opened
    const closed = mesh[Symbol.asyncDispose]()
    end.open()
    await closed
    expect(ended).toBe(true)
    await expect(mesh.close()).resolves.toBeUndefined()
    expect(await failure(acme.publish(event("2")))).toMatchObject({ code: "MeshClosed" })
    expect(await failure(mesh.namespace("b.example"))).toMatchObject({ code: "MeshClosed" })
    expect(await failure(acme.stream().ready)).toMatchObject({ code: "MeshClosed" })
  })

  it("tells a handler that is cut off", async () => {
    const mesh = await start({ tuning: { drainDeadline: "20ms" } })
    const acme = await mesh.namespace("acme.example")
    const began = gate<AbortSignal>()
    await acme.handle("h", (_, { signal }) => {
      began.open(signal)
      return new Promise(() => undefined)
    })
    await acme.publish(event("1"))
    const signal = await began.opened
    expect(signal.aborted).toBe(false)
    await mesh.close()
    expect(signal.aborted).toBe(true)
  })

  it("logs to the function it is given, and lives on when that throws", async () => {
    const records: Array<LogRecord> = []
    const acme = await startNamespace({
      log: (record) => {
        records.push(record)
        if (record.level === "warning") throw new Error("no room")
      },
    })
    process.once("warning", () => undefined)
    const done = gate()
    await acme.handle("h", ({ subject }) => {
      if (subject === "bad") throw new RejectEvent("never")
      done.open()
    })
    await acme.publish(event("bad"))
    await acme.publish(event("good"))
    await done.opened
    expect(records).toContainEqual(
      expect.objectContaining({
        level: "warning",
        facts: expect.objectContaining({ namespace: "acme.example", subscription: "h" }),
      }),
    )
  })

  it("refuses options that make no mesh", async () => {
    const make = (options: object) => failure(createMesh(options as MeshOptions))
    expect(await make({})).toMatchObject({ code: "InvalidSetting", field: "store" })
    expect(await make({ store: "disk" })).toMatchObject({ code: "InvalidSetting", field: "store" })
    expect(await make({ store: "memory", tuning: { idleAfter: "5" } })).toMatchObject({
      field: "tuning.idleAfter",
    })
    expect(await make({ store: "memory", masterKey: "secret" })).toMatchObject({
      code: "InvalidMasterKey",
    })
    const server = { databaseUrl: "postgres://127.0.0.1:9/none" }
    expect(await make({ store: server })).toMatchObject({ code: "MasterKeyMissing" })
    const unreachable = await make({ store: server, masterKey: "00".repeat(32) })
    expect(unreachable).toMatchObject({ code: "StoreUnavailable" })
  })

  it("finds its events and its secrets again in its folder, which no other mesh may have", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "eventloom-embed-"))
    try {
      const first = await start({ store: { dataDir }, allowPrivateTargets: true })
      const acme = await first.namespace("acme.example")
      await acme.webhook("hook", { url: "http://127.0.0.1:9/" })
      const detach = await acme.handle("h", { startAt: "earliest" }, () => undefined)
      await detach()
      await acme.pause("h")
      await acme.publish(event("kept"))
      expect(await failure(createMesh({ store: { dataDir } }))).toMatchObject({
        code: "StoreLocked",
      })
      await first.close()
      expect((await stat(join(dataDir, "master.key"))).mode & 0o777).toBe(0o600)

      const wrongKey = createMesh({ store: { dataDir }, masterKey: "00".repeat(32) })
      expect(await failure(wrongKey)).toMatchObject({ code: "MasterKeyWrong" })

      const second = await start({ store: { dataDir } })
      const again = await second.namespace("acme.example")
      const got = gate<MeshEvent>()
      await again.handle("h", got.open)
      await again.resume("h")
      expect(await got.opened).toMatchObject({ subject: "kept" })
      await second.close()
    } finally {
      await rm(dataDir, { recursive: true })
    }
  }, 180_000)
})
