// How a source gets in: TLS as `sslmode` asks for it, under a test authority, and SCRAM logins that nobody
// in between can pass on.

import * as fs from "node:fs/promises"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as tls from "node:tls"
import { it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { beforeAll, describe, expect } from "vitest"
import { onServer } from "../../../support/Postgres.js"
import { authority, serverCertificate, serverKey } from "../../../support/TestAuthority.js"
import { certificate, privateKey } from "../../transports/support/Certificate.js"
import {
  plainOptions,
  sharedServer,
  sourceName,
  type StreamingRig,
  streamingRig,
} from "./WalRig.js"

const server = sharedServer()
const role = "scram role"
const password = "pä ss/wörd:%"

/** Lines into a file of the data directory, before those that it has. */
const write = (file: string, text: string): string =>
  `copy (select regexp_split_to_table('${text.trim()}', E'\\n'))
   to program 'umask 077; touch ${file}; cat - ${file} > ${file}.new; mv ${file}.new ${file}'`

beforeAll(() =>
  Effect.runPromise(
    onServer(
      server().url,
      write("test.crt", serverCertificate),
      write("test.key", serverKey),
      "alter system set ssl_cert_file = 'test.crt'",
      "alter system set ssl_key_file = 'test.key'",
      "alter system set ssl = on",
      `create role "${role}" login superuser password '${password}'`,
      write(
        "pg_hba.conf",
        `hostssl all "${role}" all scram-sha-256\nhostnossl all "${role}" all reject`,
      ),
      "select pg_reload_conf()",
    ),
  ),
)

const certificates: Effect.Effect<
  { readonly ours: string; readonly others: string },
  never,
  Scope.Scope
> = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "eventloom-ca-"))),
    (folder) => Effect.promise(() => fs.rm(folder, { recursive: true })),
  )
  const ours = path.join(folder, "ours.pem")
  const others = path.join(folder, "others.pem")
  yield* Effect.promise(() => fs.writeFile(ours, authority))
  yield* Effect.promise(() => fs.writeFile(others, certificate))
  return { ours, others }
})

interface Way {
  readonly host?: string
  readonly port?: number
  readonly user?: string
  readonly password?: string
  readonly parameters?: Readonly<Record<string, string>>
}

const urlOf = ({ url }: StreamingRig, way: Way): string => {
  const parsed = new URL(url)
  parsed.hostname = way.host ?? "127.0.0.1"
  if (way.port !== undefined) parsed.port = String(way.port)
  if (way.user !== undefined) parsed.username = encodeURIComponent(way.user)
  if (way.password !== undefined) parsed.password = encodeURIComponent(way.password)
  for (const [name, value] of Object.entries(way.parameters ?? {})) {
    parsed.searchParams.set(name, value)
  }
  return parsed.href
}

/** How a source that goes this way fares: which problem it has, or whether it streams with TLS. */
const fare = (rig: StreamingRig, way: Way) =>
  Effect.gen(function* () {
    yield* Effect.orDie(
      rig.mesh.sources.put(sourceName, {
        ...plainOptions,
        slot: rig.slot,
        databaseUrl: urlOf(rig, way),
      }),
    )
    const view = yield* rig.source(({ problem, state }) => {
      return problem !== undefined || state === "streaming"
    })
    if (view.problem !== undefined) return view.problem.code
    const rows = yield* rig.sql.run(
      `select distinct ssl from pg_stat_ssl join pg_stat_activity using (pid)
       where application_name = 'eventloom' and datname = current_database()`,
    )
    return rows.map(({ ssl }) => (ssl === true ? "encrypted" : "plain")).join()
  })

describe("TLS", () => {
  it.scopedLive("is as strict as sslmode says", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), ["create table t (id int primary key)"])
      const { others, ours } = yield* certificates
      const way = (sslmode: string, sslrootcert?: string, host?: string): Way => ({
        ...(host === undefined ? {} : { host }),
        parameters: { sslmode, ...(sslrootcert === undefined ? {} : { sslrootcert }) },
      })
      const expected: ReadonlyArray<readonly [Way, string]> = [
        [{}, "encrypted"],
        [way("disable"), "plain"],
        [way("allow"), "encrypted"],
        [way("prefer"), "encrypted"],
        [way("require"), "encrypted"],
        // As libpq has it: with an authority, it checks as verify-ca does.
        [way("require", ours), "encrypted"],
        [way("require", others), "tls"],
        [way("verify-ca"), "tls"],
        [way("verify-ca", ours), "encrypted"],
        [way("verify-ca", others), "tls"],
        [way("verify-full", ours, "localhost"), "encrypted"],
        [way("verify-full", ours, "127.0.0.1"), "tls"],
        [way("verify-full", others, "localhost"), "tls"],
        [way("verify-full", undefined, "localhost"), "tls"],
      ]
      const found = yield* Effect.forEach(expected, ([way]) =>
        Effect.map(fare(rig, way), (how) => [way, how] as const),
      )
      expect(found).toEqual(expected)
    }),
  )
})

/** Takes TLS apart and makes it anew with a certificate of its own; answers its port. */
const interceptor = (port: number): Effect.Effect<number, never, Scope.Scope> =>
  Effect.gen(function* () {
    const open = new Set<net.Socket>()
    const keep = (socket: net.Socket) => {
      open.add(socket)
      socket.on("error", () => {})
      return socket
    }
    const secureContext = tls.createSecureContext({ cert: certificate, key: privateKey })
    const listener = net.createServer((client) => {
      keep(client).once("data", (request) => {
        client.write("S")
        const inner = keep(new tls.TLSSocket(client, { isServer: true, secureContext }))
        const upstream = keep(net.connect(port, "127.0.0.1"))
        upstream.write(request)
        upstream.once("data", () => {
          const outer = keep(tls.connect({ socket: upstream, rejectUnauthorized: false }))
          inner.pipe(outer)
          outer.pipe(inner)
        })
      })
    })
    yield* Effect.addFinalizer(() =>
      Effect.async<void>((resume) => {
        for (const socket of open) socket.destroy()
        listener.close(() => resume(Effect.void))
      }),
    )
    return yield* Effect.async<number>((resume) => {
      listener.listen(0, "127.0.0.1", () => {
        const address = listener.address()
        if (typeof address === "object" && address !== null) resume(Effect.succeed(address.port))
      })
    })
  })

describe("a SCRAM login", () => {
  it.scopedLive("works with any password, and not through somebody in between", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), ["create table t (id int primary key)"])
      const user = { user: role, password }
      const port = yield* interceptor(Number(new URL(rig.url).port))
      const expected: ReadonlyArray<readonly [Way, string]> = [
        [user, "encrypted"],
        [{ ...user, parameters: { channel_binding: "require" } }, "encrypted"],
        [{ ...user, password: "wrong" }, "access-denied"],
        [{ ...user, parameters: { sslmode: "disable" } }, "access-denied"],
        [{ ...user, port, parameters: { sslmode: "require" } }, "access-denied"],
        // That it would get through without shows that it is the binding that keeps it out.
        [{ ...user, port, parameters: { channel_binding: "disable" } }, "encrypted"],
        // Another role logs in with its password in the clear, which is not bound to anything.
        [{ parameters: { channel_binding: "require" } }, "tls"],
      ]
      const found = yield* Effect.forEach(expected, ([way]) =>
        Effect.map(fare(rig, way), (how) => [way, how] as const),
      )
      expect(found).toEqual(expected)
    }),
  )
})
