// What the package offers under which name, and what each entry loads.

import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { root, runNode } from "./support/RunScript.js"

let folder = ""

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "eventloom-exports-"))
})

afterAll(() => rm(folder, { recursive: true }))

interface Entry {
  readonly "eventloom-source": string
  readonly types: string
  readonly default: string
}

const readEntries = async (): Promise<ReadonlyArray<[string, Entry]>> => {
  const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8"))
  return Object.entries<Entry>(exports).filter(([name]) => name !== "./package.json")
}

/** The packages that importing an entry, and what is done with it, loads, itself aside. */
const packagesLoadedBy = async (entry: string, use = ""): Promise<ReadonlySet<string>> => {
  const trace = join(folder, `${entry.replaceAll("/", "-")}.txt`)
  const hooks = new URL("./support/registerTrace.mjs", import.meta.url).href
  const script = `const entry = await import(${JSON.stringify(entry)}); ${use}`
  await writeFile(trace, "")
  await runNode(["--import", hooks, "--input-type=module", "--eval", script], root, {
    LOAD_TRACE: trace,
  })
  const urls = (await readFile(trace, "utf8")).split("\n")
  expect(urls.some((url) => url.includes("/dist/"))).toBe(true)
  return new Set(
    urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []),
  )
}

describe("the package", () => {
  it("builds each entry from the source it names, with types", async () => {
    for (const [name, entry] of await readEntries()) {
      const source = entry["eventloom-source"]
      await access(join(root, source))
      const built = source.replace("./src/", "./dist/").replace(/\.ts$/, "")
      expect(entry, name).toMatchObject({ types: `${built}.d.ts`, default: `${built}.js` })
    }
  })

  it("loads effect, xstate and the parsers of the domain, and nothing else from its root", {
    timeout: 60_000,
  }, async () => {
    const packages = await packagesLoadedBy("eventloom")
    expect([...packages].filter((name) => !light.has(name))).toEqual([])
    expect(packages).toContain("effect")
  })

  it("loads nothing at all to verify webhooks", { timeout: 60_000 }, async () => {
    expect(await packagesLoadedBy("eventloom/verify")).toEqual(new Set())
  })

  it("loads no database for a store in memory", { timeout: 60_000 }, async () => {
    const start = `await (await entry.createMesh({ store: "memory" })).close()`
    for (const [entry, use] of [
      ["eventloom/promise", start],
      ["eventloom/stores/memory"],
    ] as const) {
      const packages = await packagesLoadedBy(entry, use)
      expect([...packages].filter((name) => databases.test(name))).toEqual([])
    }
    const embedded = await packagesLoadedBy("eventloom/stores/embedded")
    expect([...embedded].filter((name) => databases.test(name))).not.toEqual([])
  })

  it("shows no type of Effect in its Promise API", async () => {
    const home = join(root, "dist/layers/embed")
    const seen = new Set<string>()
    const visit = async (file: string): Promise<void> => {
      if (seen.has(file)) return
      seen.add(file)
      const text = await readFile(file, "utf8")
      for (const [, specifier = ""] of text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)) {
        expect(specifier, file).toMatch(/^\.\/\w+\.js$/)
        await visit(join(home, specifier.replace(/\.js$/, ".d.ts")))
      }
    }
    await visit(join(home, "index.d.ts"))
    expect(seen.size).toBeGreaterThan(3)
  })
})

/** What effect and xstate bring with them, and what runs the sources here. */
const light: ReadonlySet<string> = new Set([
  "@marcbachmann/cel-js",
  "@standard-schema/spec",
  "effect",
  "fast-check",
  "pure-rand",
  "re2js",
  "tsx",
  "xstate",
])

const databases = /^(?:@electric-sql\/|@effect\/sql|pg$|pg-)/
