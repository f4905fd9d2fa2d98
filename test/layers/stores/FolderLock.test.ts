import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import { StoreLocked } from "../../../src/actors/index.js"
import * as EmbeddedStore from "../../../src/layers/stores/sql/EmbeddedStore.js"
import { lockFolder } from "../../../src/layers/stores/sql/FolderLock.js"
import { temporaryDirectory } from "../../support/TemporaryDirectory.js"

const script = path.join(import.meta.dirname, "../../../.test/layers/stores/holdFolder.js")

/** Another process that holds the folder; answers its id and how to kill it. */
const holder = (folder: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = spawn(process.execPath, [script, folder], {
        stdio: ["ignore", "pipe", "inherit"],
      })
      await once(child.stdout, "data")
      return child
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL")),
  ).pipe(
    Effect.map((child) => ({
      pid: child.pid,
      kill: Effect.promise(async () => {
        child.kill("SIGKILL")
        await once(child, "exit")
      }),
    })),
  )

/** Tries to hold the folder until the scope of the test closes. */
const hold = (folder: string) => Effect.exit(lockFolder(folder))

it.scopedLive(
  "a folder held by another process is refused, and free as soon as it is killed",
  () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryDirectory
      const other = yield* holder(dataDir)
      const refused = yield* Effect.flip(
        Effect.scoped(Layer.build(EmbeddedStore.layer({ dataDir }))),
      )
      expect(refused).toBeInstanceOf(StoreLocked)
      expect(refused.message).toContain(`process ${other.pid}`)
      yield* other.kill
      yield* Effect.scoped(Layer.build(EmbeddedStore.layer({ dataDir })))
    }),
  60_000,
)

it.scopedLive("sockets that dead processes left behind are swept away", () =>
  Effect.gen(function* () {
    const folder = yield* temporaryDirectory
    const other = yield* holder(folder)
    yield* other.kill
    yield* lockFolder(folder)
    const names = yield* Effect.promise(() => fs.readdir(folder))
    expect(names).toHaveLength(1)
    expect(names[0]).toContain(`lock-${process.pid}-`)
  }),
)

it.scopedLive("of many that try at once, at most one holds; when it lets go another can", () =>
  Effect.gen(function* () {
    const folder = yield* temporaryDirectory
    for (let round = 0; round < 5; round++) {
      const scope = yield* Scope.make()
      const tries = yield* Effect.all(
        Array.from({ length: 12 }, () => hold(folder)),
        { concurrency: "unbounded" },
      ).pipe(Scope.extend(scope))
      expect(tries.filter(Exit.isSuccess).length).toBeLessThanOrEqual(1)
      yield* Scope.close(scope, Exit.void)
      yield* Effect.scoped(lockFolder(folder))
    }
    expect(yield* Effect.promise(() => fs.readdir(folder))).toEqual([])
  }),
)

it.scopedLive("a folder with a path too long for a socket is locked all the same", () =>
  Effect.gen(function* () {
    const folder = path.join(yield* temporaryDirectory, "d".repeat(100), "e".repeat(100))
    yield* lockFolder(folder)
    expect((yield* hold(folder))._tag).toBe("Failure")
  }),
)

it.scopedLive("a folder that it creates is its owner's alone", () =>
  Effect.gen(function* () {
    const folder = path.join(yield* temporaryDirectory, "new")
    yield* lockFolder(folder)
    const { mode } = yield* Effect.promise(() => fs.stat(folder))
    expect(mode & 0o777).toBe(0o700)
  }),
)
