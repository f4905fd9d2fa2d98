// The examples do what they say.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { removalSteps } from "../../src/domain/index.js"
import { onServer } from "../support/Postgres.js"
import { sharedServer } from "../layers/sources/wal/WalRig.js"
import { root, runNode } from "./support/RunScript.js"

let cwd = ""

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "eventloom-example-"))
})

afterAll(() => rm(cwd, { recursive: true }))

const built = (name: string): string => join(root, ".test/examples", name.replace(/\.ts$/, ".js"))

const run = (name: string) => runNode([built(name)], cwd)

describe("examples", () => {
  it("ten-lines.ts is ten lines, and delivers", { timeout: 130_000 }, async () => {
    const text = await readFile(join(root, "examples/ten-lines.ts"), "utf8")
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(10)
    expect(await run("ten-lines.ts")).toBe("order.placed 17 { total: 99 }\n")
  })

  it("effect.ts delivers once, knows a duplicate, and removes", { timeout: 130_000 }, async () => {
    const lines = (await run("effect.ts")).split("\n").filter((line) => !line.includes("level="))
    expect(lines.toSorted()).toEqual([
      "",
      "booking.reserved { nights: 2 } attempt 1",
      `removed in ${removalSteps.length} steps`,
      "sequence 1, again a duplicate: true",
    ])
  })

  it("event-types.ts hands over decoded data, and refuses what does not match", {
    timeout: 130_000,
  }, async () => {
    const lines = (await run("event-types.ts")).split("\n")
    expect(lines).toContain("room 7 for 2 nights in 2030")
    expect(lines).toContain(
      'An event of the type "booking.created" does not match its schema: /data/nights is required.',
    )
  })

  it("custom-transport.ts is under 40 lines of code, and writes", {
    timeout: 130_000,
  }, async () => {
    const text = await readFile(join(root, "examples/custom-transport.ts"), "utf8")
    const transport = text.slice(text.indexOf("const Options"), text.indexOf("const program"))
    expect(transport.split("\n").length).toBeLessThan(40)
    const line = JSON.parse((await run("custom-transport.ts")).trim())
    expect(line).toEqual({ specversion: "1.0", id: "1", source: "/door", type: "opened" })
  })

  it("promise.ts delivers to a receiver that was out", { timeout: 130_000 }, async () => {
    const output = await run("promise.ts")
    for (const expected of [
      "signed with whsec_",
      "stock takes 1 on attempt 1",
      "accepted [ 1, 2, 3 ]",
      "live: order.paid 1",
      "delivered 3 of 3 although the receiver was out",
      "refused: InvalidEvent type",
      "in the journal: 3 order.paid",
      `removed: true in ${removalSteps.length} steps`,
    ]) {
      expect(output).toContain(expected)
    }
  })
})

describe("postgres-changes.ts", () => {
  const server = sharedServer()

  it("tells the orders that are there, and each change", { timeout: 130_000 }, async () => {
    const { url } = server()
    const sql = (...statements: ReadonlyArray<string>) =>
      Effect.runPromise(onServer(url, ...statements))
    await sql("create table orders (id int primary key)", "insert into orders values (41)")
    const program = spawn(process.execPath, [built("postgres-changes.ts")], {
      cwd,
      env: { ...process.env, DATABASE_URL: url },
      stdio: ["ignore", "pipe", "inherit"],
    })
    try {
      let output = ""
      program.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text
      })
      const told = (line: string) =>
        expect.poll(() => output, { timeout: 60_000, interval: 100 }).toContain(line)
      await told("postgres.public.orders.read 41")
      await sql("insert into orders values (42)")
      await told("postgres.public.orders.inserted 42")
      program.kill("SIGINT")
      const [code] = await once(program, "close")
      expect(output).toContain("journalled 2 events, all before ")
      expect(code).toBe(0)
      expect(await sql("select from pg_replication_slots")).toEqual([])
    } finally {
      program.kill("SIGKILL")
    }
  })
})
