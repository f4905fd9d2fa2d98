// Who may do what: every route of the API, for every kind of caller. A route that is not in the table
// fails the test.

import { readFileSync } from "node:fs"
import { HttpApi } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Option, Redacted } from "effect"
import {
  Authorization,
  EventloomApi,
  type Need,
  Needs,
} from "../../../src/layers/http/api/index.js"
import { type Answer, event, send, type Sent, structured, withServer } from "./support/Server.js"

const token = "correct-horse-battery-staple"
const own = "acme.example"

/** How to use a route well enough to get past who may use it. `audited`: it changes something. */
interface Use {
  readonly needs: Need | "operator" | "nobody"
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly audited?: "namespace" | "operator"
  /** It would, but there is nothing to act on: what is refused is not recorded. */
  readonly nothingThere?: true
}

const inOwn = `/v1/namespaces/${own}`
const changed = "namespace"

/** By the name of the endpoint. */
const table: Readonly<Record<string, Use>> = {
  live: { needs: "nobody", path: "/health/live" },
  ready: { needs: "nobody", path: "/health/ready" },
  metrics: { needs: "operator", path: "/metrics" },
  actors: { needs: "operator", path: "/v1/actors" },
  whoAmI: { needs: "any", path: "/v1/whoami" },
  listOperatorAudit: { needs: "operator", path: "/v1/audit" },

  putHostType: { needs: "operator", path: "/v1/host-types/gold", body: {}, audited: "operator" },
  getHostType: { needs: "operator", path: "/v1/host-types/gold" },
  listHostTypes: { needs: "operator", path: "/v1/host-types" },
  deleteHostType: { needs: "operator", path: "/v1/host-types/gold", audited: "operator" },

  putSource: {
    needs: "operator",
    path: "/v1/sources/db",
    body: { kind: "wal" },
    nothingThere: true,
  },
  getSource: { needs: "operator", path: "/v1/sources/db" },
  listSources: { needs: "operator", path: "/v1/sources" },
  snapshotTable: {
    needs: "operator",
    path: "/v1/sources/db/snapshots",
    body: { table: "public.t" },
    nothingThere: true,
  },
  deleteSource: { needs: "operator", path: "/v1/sources/db", nothingThere: true },

  listNamespaces: { needs: "operator", path: "/v1/namespaces" },
  putNamespace: { needs: "operator", path: inOwn, body: {}, audited: "operator" },
  setNamespaceStatus: {
    needs: "operator",
    path: inOwn,
    body: { status: "enabled" },
    audited: "operator",
  },
  getNamespace: { needs: "read", path: inOwn },
  removeNamespace: { needs: "operator", path: "/v1/namespaces/gone.example", audited: "operator" },
  getRemoval: { needs: "operator", path: "/v1/namespaces/gone.example/removal" },

  createKey: {
    needs: "manage",
    path: `${inOwn}/keys`,
    body: { scopes: ["read"] },
    audited: changed,
  },
  listKeys: { needs: "manage", path: `${inOwn}/keys` },
  getKey: { needs: "manage", path: `${inOwn}/keys/<spare>` },
  revokeKey: { needs: "manage", path: `${inOwn}/keys/<spare>`, audited: changed },
  listNamespaceAudit: { needs: "manage", path: `${inOwn}/audit` },

  putSink: {
    needs: "manage",
    path: `${inOwn}/sinks/s`,
    body: { kind: "handler" },
    audited: changed,
  },
  getSink: { needs: "read", path: `${inOwn}/sinks/s` },
  listSinks: { needs: "read", path: `${inOwn}/sinks` },
  deleteSink: { needs: "manage", path: `${inOwn}/sinks/spare`, audited: changed },

  getSigningKeys: { needs: "read", path: `${inOwn}/signing-keys` },
  rotateSigningKey: {
    needs: "manage",
    path: `${inOwn}/signing-keys/rotate`,
    body: { overlap: "0s" },
    audited: changed,
  },
  getKeySet: { needs: "nobody", path: `/.well-known/jwks.json?set=${"A".repeat(22)}` },
  rotateSecret: {
    needs: "manage",
    path: `${inOwn}/sinks/hook/rotate-secret`,
    body: { overlap: "0s" },
    audited: changed,
  },

  explainDeliveries: { needs: "read", path: `${inOwn}/events/1/deliveries` },
  listDeadLetters: { needs: "read", path: `${inOwn}/dead-letters` },
  getDeadLetter: { needs: "read", path: `${inOwn}/dead-letters/dl_1` },
  redeliverDeadLetters: {
    needs: "manage",
    path: `${inOwn}/dead-letters/redeliver`,
    body: {},
    audited: changed,
  },
  redeliverDeadLetter: {
    needs: "manage",
    path: `${inOwn}/dead-letters/dl_1/redeliver`,
    nothingThere: true,
  },
  discardDeadLetter: {
    needs: "manage",
    path: `${inOwn}/dead-letters/dl_1`,
    nothingThere: true,
  },

  putSubscription: {
    needs: "manage",
    path: `${inOwn}/subscriptions/p`,
    body: { sink: "s" },
    audited: changed,
  },
  getSubscription: { needs: "read", path: `${inOwn}/subscriptions/p` },
  listSubscriptions: { needs: "read", path: `${inOwn}/subscriptions` },
  pauseSubscription: { needs: "manage", path: `${inOwn}/subscriptions/p/pause`, audited: changed },
  resumeSubscription: {
    needs: "manage",
    path: `${inOwn}/subscriptions/p/resume`,
    audited: changed,
  },
  deleteSubscription: {
    needs: "manage",
    path: `${inOwn}/subscriptions/spare`,
    audited: changed,
  },

  startReplay: {
    needs: "manage",
    path: `${inOwn}/subscriptions/p/replay`,
    body: { from: "earliest" },
    audited: changed,
  },
  listReplays: { needs: "read", path: `${inOwn}/subscriptions/p/replays` },
  getReplay: { needs: "read", path: `${inOwn}/subscriptions/p/replays/rp_1` },
  cancelReplay: {
    needs: "manage",
    path: `${inOwn}/subscriptions/p/replays/rp_1`,
    nothingThere: true,
  },
  putEventType: {
    needs: "manage",
    path: `${inOwn}/event-types/t`,
    body: {},
    audited: changed,
  },
  getEventType: { needs: "read", path: `${inOwn}/event-types/t` },
  listEventTypes: { needs: "read", path: `${inOwn}/event-types` },
  deleteEventType: { needs: "manage", path: `${inOwn}/event-types/t`, audited: changed },
  putHostTypeEventType: {
    needs: "operator",
    path: "/v1/host-types/gold/event-types/t",
    body: {},
    nothingThere: true,
  },
  getHostTypeEventType: { needs: "operator", path: "/v1/host-types/gold/event-types/t" },
  listHostTypeEventTypes: { needs: "operator", path: "/v1/host-types/gold/event-types" },
  deleteHostTypeEventType: {
    needs: "operator",
    path: "/v1/host-types/gold/event-types/t",
    nothingThere: true,
  },

  publishEvents: {
    needs: "publish",
    path: `${inOwn}/events`,
    body: JSON.stringify(event("1")),
    headers: structured,
  },
  readEvents: { needs: "read", path: `${inOwn}/events` },
  getEvent: { needs: "read", path: `${inOwn}/events/1` },
  // One that is answered without a stream.
  streamEvents: { needs: "read", path: `${inOwn}/events/stream?after=none` },
}

interface Route {
  readonly name: string
  readonly method: NonNullable<Sent["method"]>
  readonly path: string
  readonly need: Use["needs"]
}

const routes: Array<Route> = []
HttpApi.reflect(EventloomApi, {
  onGroup: () => {},
  onEndpoint: ({ endpoint: { annotations, method, name, path }, middleware }) => {
    const stated = Option.getOrElse(
      Context.getOption(annotations, Needs),
      () => "operator" as const,
    )
    const need = [...middleware].some(({ key }) => key === Authorization.key) ? stated : "nobody"
    routes.push({ name, method, path, need })
  },
})

const useOf = (name: string): Use => {
  const use = table[name]
  if (use === undefined) throw new Error(`the table has no entry for the route ${name}`)
  return use
}

interface Sender {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  /** What this caller may do in the namespace; undefined for one who is nobody. */
  readonly may: ReadonlyArray<Use["needs"]> | undefined
  readonly sees: boolean
}

const operator = { authorization: `Bearer ${token}` }
const bearing = (key: string) => ({ authorization: `Bearer ${key}` })

interface Made {
  readonly id: string
  readonly key: string
}

const makeKey = (namespace: string, body: object) =>
  Effect.map(
    send({ method: "POST", path: `/v1/namespaces/${namespace}/keys`, headers: operator, body }),
    ({ json, status }) => {
      expect(status).toBe(201)
      return json as Made
    },
  )

/** A world in which every route of the table has something to act on. */
const prepared = Effect.gen(function* () {
  const put = (path: string, body: object = {}) =>
    send({ method: "PUT", path, headers: operator, body })
  for (const name of [own, "other.example", "gone.example"]) yield* put(`/v1/namespaces/${name}`)
  yield* put("/v1/host-types/gold")
  for (const sink of ["s", "spare"]) yield* put(`${inOwn}/sinks/${sink}`, { kind: "handler" })
  yield* put(`${inOwn}/sinks/hook`, { kind: "webhook", url: "https://example.com/" })
  for (const name of ["p", "spare"]) yield* put(`${inOwn}/subscriptions/${name}`, { sink: "s" })
  const spare = yield* makeKey(own, { scopes: ["read"] })
  const revoked = yield* makeKey(own, { scopes: ["manage"] })
  yield* send({ method: "DELETE", path: `${inOwn}/keys/${revoked.id}`, headers: operator })
  const soon = new Date(Date.now() + 500).toISOString()
  const expired = yield* makeKey(own, { scopes: ["manage"], expiresAt: soon })
  const keyOf = (...scopes: ReadonlyArray<string>) =>
    Effect.map(makeKey(own, { scopes }), ({ key }) => bearing(key))
  const foreign = yield* makeKey("other.example", { scopes: ["manage"] })
  // Until it has expired.
  yield* Effect.sleep("600 millis")
  const senders: ReadonlyArray<Sender> = [
    { name: "nobody", headers: {}, may: undefined, sees: false },
    { name: "a wrong token", headers: bearing("wrong"), may: undefined, sees: false },
    { name: "a forged key", headers: bearing(`${spare.key}x`), may: undefined, sees: false },
    { name: "a revoked key", headers: bearing(revoked.key), may: undefined, sees: false },
    { name: "an expired key", headers: bearing(expired.key), may: undefined, sees: false },
    { name: "a key of another", headers: bearing(foreign.key), may: ["any"], sees: false },
    {
      name: "a publish key",
      headers: yield* keyOf("publish"),
      may: ["any", "publish"],
      sees: true,
    },
    { name: "a read key", headers: yield* keyOf("read"), may: ["any", "read"], sees: true },
    {
      name: "a manage key",
      headers: yield* keyOf("manage"),
      may: ["any", "publish", "read", "manage"],
      sees: true,
    },
    {
      name: "the operator",
      headers: operator,
      may: ["any", "publish", "read", "manage", "operator"],
      sees: true,
    },
  ]
  return { senders, spare: spare.id }
})

interface Entry {
  readonly action: string
  readonly requestId?: string
}

/** What the answer says of who asks. */
const verdictOf = ({ json, status }: Answer): string => {
  const kind = (json as { readonly type?: string } | undefined)?.type ?? ""
  const problem = kind.replace("urn:eventloom:problem:", "")
  if (status === 401) return "unauthorized"
  if (status === 403) return problem
  return problem === "namespace-not-found" ? problem : "served"
}

const expected = ({ may, sees }: Sender, { needs, path }: Use): string => {
  if (needs === "nobody") return "served"
  if (may === undefined) return "unauthorized"
  if (may.includes(needs)) return "served"
  if (needs === "operator") return "operator-only"
  return !sees && path.startsWith(inOwn) ? "namespace-not-found" : "scope-missing"
}

const requestOf = (
  method: Route["method"],
  use: Use,
  spare: string,
  headers: Sender["headers"],
): Sent => ({
  method,
  path: use.path.replace("<spare>", spare),
  headers: { ...use.headers, ...headers },
  ...(use.body === undefined ? {} : { body: use.body }),
})

/** More than a thousand requests take a while on a machine that is busy. */
const patience = 60_000

/** What changes the most comes last, so that the others find what they act on. */
const order = ["GET", "PUT", "PATCH", "POST", "DELETE"]
const ordered = [...routes].sort((a, b) => order.indexOf(a.method) - order.indexOf(b.method))

describe("who may do what", () => {
  it("is stated for every route, and the route states the same", () => {
    expect(Object.keys(table).sort()).toEqual(routes.map(({ name }) => name).sort())
    for (const { name, need } of routes) expect([name, need]).toEqual([name, useOf(name).needs])
  })

  it("is what the documentation says", () => {
    const page = readFileSync(new URL("../../../docs/access.md", import.meta.url), "utf8")
    const shown = /<!-- routes -->\n+([\s\S]*?)\n+<!-- \/routes -->/.exec(page)?.[1]
    const rows = routes.map(({ method, name, path }) => {
      const { needs } = useOf(name)
      const who = { nobody: "open", any: "any key", operator: "the operator" }
      return `| \`${method} ${path}\` | ${needs in who ? who[needs as keyof typeof who] : `\`${needs}\``} |`
    })
    expect(shown).toBe(["| route | takes |", "|---|---|", ...rows].join("\n"))
  })

  for (const fastPath of [true, false]) {
    it.live(
      `holds for every caller at every route (fast path: ${fastPath})`,
      () =>
        withServer(
          Effect.gen(function* () {
            const { senders, spare } = yield* prepared
            // Twice, since a key is looked up the first time and remembered the second.
            const passes = fastPath ? [...senders.slice(0, -1), ...senders] : senders
            for (const sender of passes) {
              const answers = yield* Effect.forEach(
                ordered,
                ({ name, method }) =>
                  Effect.map(
                    send(requestOf(method, useOf(name), spare, sender.headers)),
                    (answer) => ({
                      route: name,
                      verdict: verdictOf(answer),
                      fault: answer.status >= 500,
                    }),
                  ),
                { concurrency: 8 },
              )
              expect([sender.name, answers]).toEqual([
                sender.name,
                ordered.map(({ name }) => ({
                  route: name,
                  verdict: expected(sender, useOf(name)),
                  fault: false,
                })),
              ])
            }
          }),
          { adminToken: Redacted.make(token), fastPath },
        ),
      patience,
    )
  }

  it.live("to a key, a namespace of others is as one that is not there", () =>
    withServer(
      Effect.gen(function* () {
        const { senders, spare } = yield* prepared
        const shown = ({ headers, status, text }: Answer, namespace: string) => {
          const drawn = ["date", "keep-alive", "x-request-id"]
          const rest = Object.entries(headers).filter(([name]) => !drawn.includes(name))
          return JSON.stringify({ status, rest, text }).replaceAll(namespace, "<namespace>")
        }
        for (const sender of senders) {
          if (!sender.name.endsWith("key") || sender.may === undefined) continue
          for (const route of routes) {
            const use = useOf(route.name)
            if (!use.path.startsWith(inOwn)) continue
            const [there, nowhere] = ["other.example", "never.example"] as const
            const answers = yield* Effect.forEach([there, nowhere], (namespace) =>
              Effect.map(
                send(
                  requestOf(
                    route.method,
                    { ...use, path: use.path.replace(own, namespace) },
                    spare,
                    sender.headers,
                  ),
                ),
                (answer) => shown(answer, namespace),
              ),
            )
            expect([sender.name, route.name, answers[0]]).toEqual([
              sender.name,
              route.name,
              answers[1],
            ])
          }
        }
      }),
      { adminToken: Redacted.make(token) },
    ),
  )

  it.live("every change is in the audit log, with the id of its request, and nothing else is", () =>
    withServer(
      Effect.gen(function* () {
        const { spare } = yield* prepared
        const entriesAt = (path: string) =>
          Effect.map(send({ path: `${path}?limit=10000`, headers: operator }), ({ json }) =>
            // A removal ends when it ends, and says so of itself.
            (json as { readonly entries: ReadonlyArray<Entry> }).entries.filter(
              ({ action }) => action !== "namespace.removed",
            ),
          )
        for (const route of ordered) {
          const use = useOf(route.name)
          const [inNamespace, ofOperator] = [
            yield* entriesAt(`${inOwn}/audit`),
            yield* entriesAt("/v1/audit"),
          ]
          const answer = yield* send(requestOf(route.method, use, spare, operator))
          const after = use.audited === "operator" ? yield* entriesAt("/v1/audit") : ofOperator
          const within =
            use.audited === "namespace" ? yield* entriesAt(`${inOwn}/audit`) : inNamespace
          const grown = [after.length - ofOperator.length, within.length - inNamespace.length]
          expect([route.name, ...grown]).toEqual([
            route.name,
            use.audited === "operator" ? 1 : 0,
            use.audited === "namespace" ? 1 : 0,
          ])
          const changes = route.method !== "GET" && route.name !== "publishEvents"
          expect([route.name, use.audited !== undefined || use.nothingThere === true]).toEqual([
            route.name,
            changes,
          ])
          if (use.audited !== undefined) {
            expect([route.name, answer.status < 300]).toEqual([route.name, true])
            const entry = use.audited === "operator" ? after.at(-1) : within.at(-1)
            expect(entry?.requestId).toBe(answer.headers["x-request-id"])
          }
        }
      }),
      { adminToken: Redacted.make(token) },
    ),
  )
})
