// The HTTP server: serves the API of a mesh for as long as the layer lives.

import { createServer, type Server } from "node:http"
import type { Socket } from "node:net"
import {
  Context,
  Duration,
  Effect,
  Layer,
  type Redacted,
  Schedule,
  Schema,
  type Scope,
} from "effect"
import { Mesh } from "../../actors/index.js"
import { accessRules, isLoopbackHost } from "./Access.js"
import { makeEventStreams } from "./EventStreams.js"
import { Problem, problemContentType } from "./Problem.js"
import { makeRequestHandler, type RequestHandler } from "./RequestHandler.js"
import { defaultServerLimits, type ServerLimits } from "./ServerLimits.js"

export interface HttpServerOptions {
  /** Where to listen: a name or address of this machine. Without a token only a loopback one. */
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** The operator's token: who bears it may do everything. */
  readonly adminToken?: Redacted.Redacted | undefined
  readonly limits?: Partial<ServerLimits>
  /** Whether publishing may pass by the router. True but for tests that compare the two ways. */
  readonly fastPath?: boolean
}

/** Where the server listens. */
export class HttpServer extends Context.Tag("eventloom/HttpServer")<
  HttpServer,
  {
    readonly host: string
    readonly port: number
    /** Without a slash at the end. */
    readonly url: string
  }
>() {}

/** Anyone who reaches the address could do everything. */
export class TokenRequired extends Schema.TaggedError<TokenRequired>()("TokenRequired", {
  host: Schema.String,
}) {
  override get message(): string {
    return `Without an operator's token the server listens on a loopback address only, not on "${this.host}". Set EVENTLOOM_ADMIN_TOKEN, or listen on 127.0.0.1.`
  }
}

/** The address cannot be listened on. `code` is that of the system, as in EADDRINUSE. */
export class ListenFailed extends Schema.TaggedError<ListenFailed>()("ListenFailed", {
  host: Schema.String,
  port: Schema.Number,
  code: Schema.String,
}) {
  override get message(): string {
    const why = this.code === "EADDRINUSE" ? "it is in use" : this.code
    return `The server cannot listen on ${this.host}, port ${this.port}: ${why}.`
  }
}

/**
 * Whether the server could listen, to be asked before there is a mesh: what cannot be reached should not
 * open a store first. Listens for a moment.
 */
export const check = (
  options: Pick<HttpServerOptions, "adminToken" | "host" | "port">,
): Effect.Effect<void, TokenRequired | ListenFailed> =>
  Effect.zipRight(checkHost(options), Effect.scoped(tryListening(options)))

const tryListening = ({ host, port }: Pick<HttpServerOptions, "host" | "port">) =>
  Effect.flatMap(
    Effect.acquireRelease(
      Effect.sync(() => createServer()),
      (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void))),
    ),
    (server) => listen(server, host, port),
  )

const checkHost = ({
  adminToken,
  host,
}: Pick<HttpServerOptions, "adminToken" | "host">): Effect.Effect<void, TokenRequired> =>
  adminToken === undefined && !isLoopbackHost(host) ? new TokenRequired({ host }) : Effect.void

/** Listens once it is built; closing lets requests under way end, up to a deadline. */
export const layer = (
  options: HttpServerOptions,
): Layer.Layer<HttpServer, TokenRequired | ListenFailed, Mesh> =>
  Layer.scoped(HttpServer, serve(options))

const serve = (
  options: HttpServerOptions,
): Effect.Effect<HttpServer["Type"], TokenRequired | ListenFailed, Mesh | Scope.Scope> =>
  Effect.gen(function* () {
    const { adminToken, fastPath = true, host, port } = options
    const limits = { ...defaultServerLimits, ...options.limits }
    yield* checkHost(options)
    const access = accessRules({ adminToken, keys: (yield* Mesh).keys })
    const streams = yield* makeEventStreams(limits)
    const handler = yield* makeRequestHandler({ access, streams, fastPath })
    const { server } = yield* Effect.acquireRelease(
      Effect.sync(() => tracked(configured(handler, limits))),
      (tracked) => closeGracefully(tracked, limits),
    )
    // Runs before the server waits for its requests to end.
    yield* Effect.addFinalizer(() => streams.close)
    yield* listen(server, host, port)
    const address = server.address()
    const bound = typeof address === "object" && address !== null ? address.port : port
    const shownHost = host.includes(":") ? `[${host}]` : host
    return { host, port: bound, url: `http://${shownHost}:${bound}` }
  })

const configured = (handler: RequestHandler, limits: ServerLimits): Server => {
  const server = createServer({
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: Duration.toMillis(limits.headersTimeout),
    requestTimeout: Duration.toMillis(limits.requestTimeout),
    connectionsCheckingInterval: Duration.toMillis(limits.checkInterval),
    keepAliveTimeout: Duration.toMillis(limits.keepAlive),
    // Checked with the rest, to be answered like the rest.
    requireHostHeader: false,
    noDelay: true,
  })
  server.maxConnections = limits.maxConnections
  server.on("request", handler)
  // The body is asked for by reading it, not before: an answer may come first.
  server.on("checkContinue", (request, response) => {
    request.once("resume", () => response.writeContinue())
    handler(request, response)
  })
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (socket.writable && error.code !== "ECONNRESET") socket.end(unreadable(error.code))
    else socket.destroy()
  })
  return server
}

/** The answer to what is no request: there is nothing yet to answer through. */
const unreadable = (code: string | undefined): string => {
  const problem = parserProblem(code)
  const { document, status } = problem
  return [
    `HTTP/1.1 ${status} ${statusTexts[status] ?? "Bad Request"}`,
    `content-type: ${problemContentType}`,
    `content-length: ${Buffer.byteLength(document)}`,
    "connection: close",
    "",
    document,
  ].join("\r\n")
}

const statusTexts: Readonly<Record<number, string>> = {
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
}

const parserProblem = (code: string | undefined): Problem => {
  if (code === "HPE_HEADER_OVERFLOW") {
    return new Problem({
      status: 431,
      kind: "headers-too-large",
      detail: "The headers are too large.",
    })
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new Problem({ status: 408, kind: "timeout", detail: "The request did not end in time." })
  }
  return new Problem({
    status: 400,
    kind: "malformed-http",
    detail: "This is not a request of HTTP/1.1.",
  })
}

const listen = (server: Server, host: string, port: number): Effect.Effect<void, ListenFailed> =>
  Effect.async((resume) => {
    const onError = (error: NodeJS.ErrnoException) =>
      resume(new ListenFailed({ host, port, code: error.code ?? error.message }))
    server.once("error", onError)
    server.listen({ host, port }, () => {
      server.off("error", onError)
      resume(Effect.void)
    })
  })

interface Tracked {
  readonly server: Server
  readonly connections: ReadonlySet<Socket>
}

const tracked = (server: Server): Tracked => {
  const connections = new Set<Socket>()
  server.on("connection", (socket) => {
    connections.add(socket)
    socket.once("close", () => connections.delete(socket))
  })
  return { server, connections }
}

/** Clients connect ahead of their next request; Node counts such a connection among the busy ones. */
const closeUnused = (connections: ReadonlySet<Socket>): void => {
  for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
}

/** Connections without a request under way are closed at once, the others when theirs has ended. */
const closeGracefully = (
  { connections, server }: Tracked,
  { closeDeadline }: ServerLimits,
): Effect.Effect<void> => {
  const closed = Effect.async<void>((resume) => {
    if (!server.listening) return resume(Effect.void)
    server.close(() => resume(Effect.void))
  })
  const sweep = Effect.repeat(
    Effect.sync(() => {
      server.closeIdleConnections()
      closeUnused(connections)
    }),
    Schedule.spaced("20 millis"),
  )
  return Effect.raceFirst(closed, Effect.asVoid(sweep)).pipe(
    // Closing runs where nothing is interrupted; the race and the deadline have to.
    Effect.interruptible,
    Effect.timeout(closeDeadline),
    Effect.catchTag("TimeoutException", () => Effect.sync(() => server.closeAllConnections())),
  )
}
