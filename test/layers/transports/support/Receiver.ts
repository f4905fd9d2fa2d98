// A real HTTP endpoint on loopback, for as long as a scope is open.

import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http"
import { createServer as createHttpsServer } from "node:https"
import { createServer as createTcpServer, type Server, type Socket } from "node:net"
import { Effect, type Scope } from "effect"
import { certificate, privateKey } from "./Certificate.js"

export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: ReadonlyArray<string>
  readonly body: Buffer
}

export type Answer = (request: Received, response: ServerResponse) => void

export class Receiver {
  readonly received: Array<Received> = []
  /** Sockets accepted so far, open or not. */
  readonly sockets: Array<Socket> = []
  readonly #waiting = new Set<() => void>()

  readonly url: string
  readonly port: number

  constructor(port: number) {
    this.port = port
    this.url = `http://127.0.0.1:${port}`
  }

  get openSockets(): number {
    return this.sockets.filter((socket) => !socket.destroyed).length
  }

  /** Waits until the predicate holds; looked at whenever something happens here. */
  until(predicate: (receiver: this) => boolean): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const look = () => {
        if (!predicate(this)) return
        this.#waiting.delete(look)
        resume(Effect.void)
      }
      this.#waiting.add(look)
      look()
      return Effect.sync(() => this.#waiting.delete(look))
    })
  }

  notify(): void {
    for (const look of this.#waiting) look()
  }
}

/** Listens on a free port of loopback. `serve` gets the receiver before the first connection. */
const listen = (
  server: Server,
  serve: (receiver: Receiver) => void,
): Effect.Effect<Receiver, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Receiver>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        if (address === null || typeof address === "string") return
        const receiver = new Receiver(address.port)
        server.on("connection", (socket: Socket) => {
          receiver.sockets.push(socket)
          socket.on("error", () => undefined)
          socket.on("close", () => receiver.notify())
          receiver.notify()
        })
        serve(receiver)
        resume(Effect.succeed(receiver))
      })
    }),
    ({ sockets }) =>
      Effect.async<void>((resume) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resume(Effect.void))
      }),
  )

const noContent: Answer = (_, response) => {
  response.writeHead(204).end()
}

const readWhole =
  (receiver: Receiver, answer: Answer) =>
  (message: IncomingMessage, response: ServerResponse): void => {
    const chunks: Array<Buffer> = []
    message.on("data", (chunk: Buffer) => chunks.push(chunk))
    message.on("end", () => {
      const { headers, method = "", rawHeaders, url = "" } = message
      const request = { method, url, headers, rawHeaders, body: Buffer.concat(chunks) }
      receiver.received.push(request)
      receiver.notify()
      answer(request, response)
    })
  }

/** Reads every request whole, then lets `answer` answer it; by default with 204. */
export const http = (answer: Answer = noContent): Effect.Effect<Receiver, never, Scope.Scope> => {
  const server = createHttpServer()
  return listen(server, (receiver) => server.on("request", readWhole(receiver, answer)))
}

/** The same over TLS, as "hook.test". */
export const https = (answer: Answer = noContent): Effect.Effect<Receiver, never, Scope.Scope> => {
  const server = createHttpsServer({ cert: certificate, key: privateKey })
  return listen(server, (receiver) => server.on("request", readWhole(receiver, answer)))
}

/** Raw sockets: `onData` is called whenever bytes of a request have come. */
export const tcp = (
  onData: (socket: Socket) => void,
): Effect.Effect<Receiver, never, Scope.Scope> => {
  const server = createTcpServer()
  return listen(server, (receiver) =>
    server.on("connection", (socket: Socket) =>
      socket.on("data", () => {
        onData(socket)
        receiver.notify()
      }),
    ),
  )
}

/** Answers with this status and these headers. */
export const status = (
  code: number,
  headers: Readonly<Record<string, string>> = {},
): Effect.Effect<Receiver, never, Scope.Scope> =>
  http((_, response) => {
    response.writeHead(code, headers).end()
  })
