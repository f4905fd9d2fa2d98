// The webhook endpoints of a crash run: one server in the parent process that outlives every kill,
// writes down each request, and fails as the tempers of the events and outages tell it to.

import * as http from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { setTimeout as after } from "node:timers"
import { Effect, type Scope } from "effect"
import type { Delivery, Ledger, SubscriptionRecord, Tenant } from "./Ledger.js"
import { temperOf } from "./Tenants.js"

export interface Receivers {
  readonly urlOf: (tenant: Tenant, subscription: string) => string
  readonly lastRequestAt: () => number
}

/** Requests that were on their way when a removal was confirmed may be read this much later. */
const readLate = 500

type Answer =
  | { readonly kind: "status"; readonly status: number; readonly afterMillis: number }
  | { readonly kind: "reset"; readonly afterMillis: number }

export const openReceivers = (
  ledger: Ledger,
  chance: () => number,
): Effect.Effect<Receivers, never, Scope.Scope> =>
  Effect.gen(function* () {
    let lastRequestAt = 0
    // A process connects long after its start, so a connection tells whose request it is.
    const runs = new WeakMap<Socket, number>()
    const server = http.createServer({ keepAlive: true }, (request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("error", () => {})
      response.on("error", () => {})
      request.on("end", () => {
        lastRequestAt = Date.now()
        const found = find(ledger, request.url ?? "")
        if (found === undefined) {
          ledger.violated(`a request to ${request.url}, which nobody has`)
          response.writeHead(400).end()
          return
        }
        const [tenant, subscription] = found
        const ids = idsOf(request, Buffer.concat(chunks))
        const webhookId = String(request.headers["webhook-id"])
        const deliveries = ids.map((id) => received(ledger, tenant, subscription, id, webhookId))
        const run = runs.get(request.socket) ?? ledger.run
        const answer = decide(ledger, subscription, ids, deliveries, chance)
        after(() => {
          if (answer.kind === "reset") request.socket.destroy()
          const failed = answer.kind === "reset" || answer.status >= 300
          for (const delivery of deliveries) {
            if (failed) delivery.failures += 1
            else if (!response.destroyed) {
              delivery.successes.push({ tick: ledger.tick(), at: Date.now(), run })
            }
          }
          if (answer.kind === "status") response.writeHead(answer.status).end()
        }, answer.afterMillis)
      })
    })
    server.on("connection", (socket) => runs.set(socket, ledger.run))
    const port = yield* Effect.acquireRelease(
      Effect.async<number>((resume) => {
        server.listen(0, "127.0.0.1", () => {
          const { port } = server.address() as AddressInfo
          resume(Effect.succeed(port))
        })
      }),
      () =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        }),
    )
    return {
      urlOf: ({ namespace, generation }, subscription) =>
        `http://127.0.0.1:${port}/${namespace}/${generation}/${subscription}`,
      lastRequestAt: () => lastRequestAt,
    }
  })

const find = (ledger: Ledger, path: string): [Tenant, SubscriptionRecord] | undefined => {
  const [, namespace, generation, name = ""] = path.split("/")
  const tenant = ledger.tenants.find(
    (one) => one.namespace === namespace && String(one.generation) === generation,
  )
  const subscription = tenant?.subscriptions.get(name)
  return tenant === undefined || subscription === undefined ? undefined : [tenant, subscription]
}

/** The ids of the events in a request, whatever its mode. */
const idsOf = ({ headers }: http.IncomingMessage, body: Buffer): ReadonlyArray<string> => {
  const inHeader = headers["ce-id"]
  if (typeof inHeader === "string") return [inHeader]
  const parsed: unknown = JSON.parse(body.toString("utf8"))
  return (Array.isArray(parsed) ? parsed : [parsed]).map(
    (event: { readonly id: string }) => event.id,
  )
}

const received = (
  ledger: Ledger,
  tenant: Tenant,
  { deliveries, shape }: SubscriptionRecord,
  id: string,
  webhookId: string,
): Delivery => {
  const at = Date.now()
  if (tenant.removedAt !== undefined && at > tenant.removedAt + readLate) {
    ledger.violated(
      `${id} was delivered to ${shape.name} of ${tenant.namespace} ${at - tenant.removedAt} ms after the removal`,
    )
  }
  if (!tenant.events.has(id)) {
    ledger.violated(`${shape.name} of ${tenant.namespace} received ${id}, which it never had`)
  }
  const known = deliveries.get(id)
  if (shape.mode !== "batch") known?.webhookIds.add(webhookId)
  if (known !== undefined) return known
  const delivery: Delivery = {
    firstTick: ledger.tick(),
    firstAt: at,
    webhookIds: new Set([webhookId]),
    failures: 0,
    successes: [],
  }
  deliveries.set(id, delivery)
  return delivery
}

const decide = (
  ledger: Ledger,
  subscription: SubscriptionRecord,
  ids: ReadonlyArray<string>,
  deliveries: ReadonlyArray<Delivery>,
  chance: () => number,
): Answer => {
  const { shape } = subscription
  const soon = Math.floor(chance() * 8)
  const tempers = ids.map((id) => temperOf(shape, id))
  if (tempers.includes("rejected")) return { kind: "status", status: 400, afterMillis: soon }
  if (ledger.healed) return { kind: "status", status: 204, afterMillis: soon }
  const tried = Math.max(...deliveries.map(({ failures }) => failures))
  const fails =
    Date.now() < subscription.downUntil ||
    tempers.includes("stubborn") ||
    (tempers.includes("flaky") && tried < 1)
  const draw = chance()
  if (!fails) {
    const afterMillis = draw < 0.02 ? 100 + Math.floor(chance() * 300) : soon
    return { kind: "status", status: 204, afterMillis }
  }
  if (draw < 0.6) return { kind: "status", status: 503, afterMillis: soon }
  if (draw < 0.9) return { kind: "reset", afterMillis: soon }
  // Says nothing for a while, then hangs up.
  return { kind: "reset", afterMillis: 300 + Math.floor(chance() * 400) }
}
