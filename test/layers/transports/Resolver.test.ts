import { createSocket } from "node:dgram"
import { isIPv4 } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, type Scope } from "effect"
import { Resolvers } from "../../../src/layers/transports/index.js"

const A = 1
const AAAA = 28

const bytesOf = (address: string): Buffer =>
  isIPv4(address)
    ? Buffer.from(address.split(".").map(Number))
    : Buffer.from(
        address
          .split(":")
          .map((group) => group.padStart(4, "0"))
          .join(""),
        "hex",
      )

/** A name server (RFC 1035) that knows these names, with full addresses; it answers on this port. */
const nameServer = (
  names: Readonly<Record<string, ReadonlyArray<string>>>,
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<{ readonly socket: ReturnType<typeof createSocket>; readonly at: string }>(
      (resume) => {
        const socket = createSocket("udp4")
        socket.on("message", (query, from) => {
          const labels: Array<string> = []
          let at = 12
          for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
            labels.push(query.toString("ascii", at + 1, at + 1 + length))
            at += length + 1
          }
          const type = query.readUInt16BE(at + 1)
          const known = names[labels.join(".").toLowerCase()]
          const answers = (known ?? [])
            .filter((address) => (type === A ? isIPv4(address) : type === AAAA && !isIPv4(address)))
            .map((address) => {
              const data = bytesOf(address)
              const fixed = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, data.length])
              return Buffer.concat([fixed, data])
            })
          const header = Buffer.from(query.subarray(0, 12))
          header.writeUInt16BE(known === undefined ? 0x8183 : 0x8180, 2)
          header.writeUInt16BE(answers.length, 6)
          header.writeUInt32BE(0, 8)
          const reply = Buffer.concat([header, query.subarray(12, at + 5), ...answers])
          socket.send(reply, from.port, from.address)
        })
        socket.bind(0, "127.0.0.1", () => {
          const at = `127.0.0.1:${socket.address().port}`
          resume(Effect.succeed({ socket, at }))
        })
      },
    ),
    ({ socket }) => Effect.sync(() => socket.close()),
  ).pipe(Effect.map(({ at }) => at))

describe("resolution", () => {
  it.scopedLive("by DNS has all addresses of both families", () =>
    Effect.gen(function* () {
      const server = yield* nameServer({
        "both.test": ["93.184.216.34", "10.0.0.1", "2606:4700:0:0:0:0:0:1111"],
        "four.test": ["93.184.216.34"],
        "none.test": [],
      })
      const layer = Resolvers.layerDnsOf({
        servers: [server],
        timeout: Duration.seconds(2),
        tries: 1,
      })
      const resolve = (host: string) =>
        Effect.flatMap(Resolvers.Resolver, (resolver) => resolver.resolve(host)).pipe(
          Effect.provide(layer),
        )
      expect([...(yield* resolve("both.test"))].sort()).toEqual([
        "10.0.0.1",
        "2606:4700::1111",
        "93.184.216.34",
      ])
      expect(yield* resolve("four.test")).toEqual(["93.184.216.34"])
      expect(yield* Effect.flip(resolve("none.test"))).toMatchObject({ reason: "ENODATA" })
      expect(yield* Effect.flip(resolve("unknown.test"))).toMatchObject({
        _tag: "HostUnresolved",
        host: "unknown.test",
        reason: "ENOTFOUND",
      })
    }),
  )

  it.scopedLive("by the system knows this machine", () =>
    Effect.gen(function* () {
      const { resolve } = yield* Resolvers.Resolver
      const addresses = yield* resolve("localhost")
      for (const address of addresses) expect(address).toMatch(/^(127\.|::1$)/)
      expect(addresses.length).toBeGreaterThan(0)
    }).pipe(Effect.provide(Resolvers.layerSystem)),
  )
})
