// A TCP proxy whose connections can be made to break: what comes back is swallowed, nothing goes
// either way, or all is cut.

import * as net from "node:net"
import { Effect, type Scope } from "effect"

/** `silent`: nothing goes either way. `deaf`: requests go through and answers do not come back. */
type Mode = "open" | "silent" | "deaf"

export interface TcpProxy {
  readonly port: number
  /** Of the connections that are open; those to come are open again. */
  readonly break: (mode: Exclude<Mode, "open">) => Effect.Effect<void>
  /** Cuts every connection. */
  readonly cut: Effect.Effect<void>
  /** New connections are accepted and get no further, or do. */
  readonly setReachable: (reachable: boolean) => Effect.Effect<void>
}

interface Pair {
  readonly client: net.Socket
  readonly server: net.Socket
  mode: Mode
}

/** `answers` is called for each connection, and what it gives back for all that comes back on it. */
export const tcpProxy = (
  host: string,
  port: number,
  answers: () => (data: Buffer) => Buffer = () => (data) => data,
): Effect.Effect<TcpProxy, never, Scope.Scope> =>
  Effect.gen(function* () {
    const pairs = new Set<Pair>()
    let reachable = true
    const listener = net.createServer((client) => {
      const pair: Pair = {
        client,
        server: net.connect(port, host),
        mode: reachable ? "open" : "silent",
      }
      pairs.add(pair)
      const answer = answers()
      client.on("data", (data) => {
        if (pair.mode !== "silent") pair.server.write(data)
      })
      pair.server.on("data", (data) => {
        if (pair.mode === "open") client.write(answer(data))
      })
      for (const socket of [client, pair.server]) {
        socket.on("error", () => {})
        socket.on("close", () => {
          // Who is cut off by silence is not told of the other's end either.
          if (pair.mode === "silent" && socket === pair.server) return
          destroy(pair)
        })
      }
    })
    const destroy = (pair: Pair): void => {
      pairs.delete(pair)
      pair.client.destroy()
      pair.server.destroy()
    }
    const cut = Effect.sync(() => {
      for (const pair of pairs) destroy(pair)
    })
    const own = yield* Effect.acquireRelease(
      Effect.async<number>((resume) => {
        listener.listen(0, "127.0.0.1", () => {
          const address = listener.address()
          if (typeof address === "object" && address !== null) resume(Effect.succeed(address.port))
        })
      }),
      () =>
        Effect.zipRight(
          cut,
          Effect.async<void>((resume) => {
            listener.close(() => resume(Effect.void))
          }),
        ),
    )
    return {
      port: own,
      cut,
      break: (mode) =>
        Effect.sync(() => {
          for (const pair of pairs) pair.mode = mode
        }),
      setReachable: (value) =>
        Effect.sync(() => {
          reachable = value
        }),
    }
  })
