// A real server on a free loopback port over a store in memory, and a client that sends requests as
// they are written: paths are not normalised, headers not completed.

import { Context, Effect, Layer, type Redacted, type Scope } from "effect"
import { Client } from "undici"
import { type Mesh, type MeshConfigShape } from "../../../../src/actors/index.js"
import { HttpServer, layer, type ServerLimits } from "../../../../src/layers/http/index.js"
import { SingleProcess } from "../../../../src/layers/index.js"
import * as PostgresChanges from "../../../../src/layers/sources/wal/PostgresChanges.js"
import * as MemoryStore from "../../../../src/layers/stores/memory/MemoryStore.js"
import { AesVault } from "../../../../src/layers/vault/index.js"

export interface Sent {
  readonly method?: "GET" | "HEAD" | "PUT" | "POST" | "PATCH" | "DELETE" | "OPTIONS"
  readonly path: string
  readonly headers?: Readonly<Record<string, string | Array<string>>>
  /** What is not text or bytes is sent as JSON, of that content type unless another is given. */
  readonly body?: unknown
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | Array<string> | undefined>>
  readonly text: string
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown
}

export interface ServerOptions {
  readonly adminToken?: Redacted.Redacted
  readonly limits?: Partial<ServerLimits>
  readonly fastPath?: boolean
  readonly config?: Partial<MeshConfigShape>
  readonly store?: Layer.Layer<SingleProcess.Stores>
  /** Sources can be configured. */
  readonly sources?: boolean
}

export class Api extends Context.Tag("test/http/Api")<
  Api,
  {
    readonly url: string
    readonly port: number
    readonly send: (request: Sent) => Effect.Effect<Answer>
  }
>() {}

export const serverLayer = (options: ServerOptions = {}): Layer.Layer<Api | Mesh | HttpServer> =>
  Layer.effect(Api, apiOf).pipe(
    Layer.provideMerge(layer({ host: "127.0.0.1", port: 0, ...options }).pipe(Layer.orDie)),
    Layer.provideMerge(
      SingleProcess.layer({
        store: options.store ?? MemoryStore.layer,
        vault: AesVault.layerTest,
        ...(options.config === undefined ? {} : { config: options.config }),
      }).pipe(
        Layer.provide(options.sources === true ? PostgresChanges.layer : Layer.empty),
        Layer.orDie,
      ),
    ),
  )

/** Runs against a server of its own. */
export const withServer = <A, E>(
  use: Effect.Effect<A, E, Api | Mesh | HttpServer | Scope.Scope>,
  options: ServerOptions = {},
): Effect.Effect<A, E> => Effect.scoped(Effect.provide(use, serverLayer(options)))

export const send = (request: Sent): Effect.Effect<Answer, never, Api> =>
  Effect.flatMap(Api, (api) => api.send(request))

export const apiOf = Effect.map(HttpServer, ({ port, url }) => ({
  url,
  port,
  send: (request: Sent) => Effect.promise(() => exchange(url, request)),
}))

const exchange = async (url: string, { body, headers = {}, method = "GET", path }: Sent) => {
  const client = new Client(url)
  const raw = body === undefined || typeof body === "string" || body instanceof Uint8Array
  const answer = await client.request({
    method,
    path,
    headers: raw ? headers : { "content-type": "application/json", ...headers },
    body: raw ? (body ?? null) : JSON.stringify(body),
  })
  const text = await answer.body.text()
  await client.close()
  return { status: answer.statusCode, headers: answer.headers, text, json: jsonOf(text) }
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const event = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({
  specversion: "1.0",
  id,
  source: "/orders",
  type: "shop.order.placed",
  ...more,
})

export const structured = { "content-type": "application/cloudevents+json" }
export const batch = { "content-type": "application/cloudevents-batch+json" }

/** The namespace that most tests use, made through the API. */
export const putNamespace = (name = "acme.example") =>
  send({ method: "PUT", path: `/v1/namespaces/${name}`, body: {} })
