// The exclusive lock of a folder, let go by the kernel when its process dies, however it dies.
//
// Node has no flock(2), so the lock is a listening Unix socket: who can be connected to is alive.
// Each contender listens on a name of its own and then looks for others; finding one alive, it
// gives up, else the folder is its own. Of two contenders the one that listens later sees the other,
// so never both succeed (both may give up, hence a few tries), and there is no stale file to take
// over: what a dead process left behind refuses connections and is swept away.

import { randomBytes } from "node:crypto"
import * as fs from "node:fs/promises"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { Effect, Random, type Scope } from "effect"
import { StoreLocked, type StoreUnavailable } from "../../../actors/index.js"
import { unavailableBy } from "./StoreFailure.js"

const socketName = /^lock-(\d+)-[0-9a-f]+\.sock$/
/** The shortest limit of a socket's path among Unix systems, less the terminating zero. */
const maxSocketPath = 103
const tries = 5

const failed = (folder: string) => unavailableBy(`lock ${folder}`)

/**
 * Holds the folder until the scope closes; creates it with mode 0700 when it is not there. Fails with
 * `StoreLocked`, which names the process that holds it.
 */
export const lockFolder = (
  folder: string,
): Effect.Effect<void, StoreLocked | StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    yield* Effect.tryPromise({
      try: () => fs.mkdir(folder, { recursive: true, mode: 0o700 }),
      catch: failed(folder),
    })
    const directory = yield* shortPath(path.resolve(folder))
    let holder = yield* take(directory, folder)
    for (let more = tries - 1; holder !== undefined && more > 0; more--) {
      yield* Effect.sleep(yield* Random.nextIntBetween(20, 80))
      holder = yield* take(directory, folder)
    }
    if (holder !== undefined) yield* new StoreLocked({ store: folder, holder })
  })

/** Listens; undefined when the folder is ours, else who holds it, with our socket gone again. */
const take = (directory: string, folder: string) =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      const name = `lock-${process.pid}-${randomBytes(6).toString("hex")}.sock`
      const server = yield* listen(path.join(directory, name), folder)
      const close = Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
      })
      const others = yield* Effect.tryPromise({
        try: () => otherSockets(directory, name),
        catch: failed(folder),
      })
      const alive = others.find((other) => other.alive)
      if (alive !== undefined) {
        yield* close
        return `process ${alive.pid}`
      }
      yield* Effect.addFinalizer(() => close)
      yield* Effect.promise(() =>
        Promise.all(
          others.map((other) => fs.rm(path.join(directory, other.name), { force: true })),
        ),
      )
      return undefined
    }),
  )

const listen = (socketPath: string, folder: string) =>
  Effect.async<net.Server, StoreUnavailable>((resume) => {
    const server = net.createServer((socket) => socket.destroy())
    server.once("error", (error) => resume(Effect.fail(failed(folder)(error))))
    server.listen(socketPath, () => {
      server.unref()
      resume(Effect.succeed(server))
    })
  })

const otherSockets = async (directory: string, own: string) => {
  const names = await fs.readdir(directory)
  return Promise.all(
    names.flatMap((name) => {
      const pid = socketName.exec(name)?.[1]
      if (pid === undefined || name === own) return []
      return [isAlive(path.join(directory, name)).then((alive) => ({ name, pid, alive }))]
    }),
  )
}

/** Only a refusal says that nobody listens; a full queue or a missing right says the contrary. */
const isAlive = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(socketPath)
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"),
    )
  })

/** A path to the folder under which a socket's path is short enough: itself, or a link to it. */
const shortPath = (folder: string): Effect.Effect<string, StoreUnavailable, Scope.Scope> => {
  const longest = path.join(folder, `lock-4194304-${"0".repeat(12)}.sock`)
  if (Buffer.byteLength(longest) <= maxSocketPath) return Effect.succeed(folder)
  return Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        const parent = await fs.mkdtemp(path.join(os.tmpdir(), "evl-"))
        const link = path.join(parent, "d")
        await fs.symlink(folder, link)
        return { parent, link }
      },
      catch: failed(folder),
    }),
    ({ parent }) => Effect.promise(() => fs.rm(parent, { recursive: true, force: true })),
  ).pipe(Effect.map(({ link }) => link))
}
