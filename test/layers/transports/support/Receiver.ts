// A real HTTP endpoint on loopback, for as long as a scope is open.

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http"
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net"
import { Effect, type Scope } from "effect"

export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage["headers"]
  readonly rawHeaders: ReadonlyArray<string>
  readonly body: Buffer
}

export interface Receiver {
  readonly url: string
  readonly port: number
  readonly received: ReadonlyArray<Received>
  /** Sockets accepted so far, open or not. */
  readonly sockets: ReadonlyArray<Socket>
  /** Waits until a predicate of the receiver holds; looked at whenever something happens to it. */
  readonly until: (predicate: (receiver: Receiver) => boolean) => Effect.Effect<void>
}

export const open = (receiver: Receiver): number =>
  receiver.sockets.filter((socket) => !socket.destroyed).length

const listening = (
  server: Server,
): Effect.Effect<
  Receiver & { received: Array<Received>; notify: () => void },
  never,
  Scope.Scope
> =>
  Effect.acquireRelease(
    Effect.async<Receiver & { received: Array<Received>; notify: () => void }>((resume) => {
      const sockets: Array<Socket> = []
      const waiting = new Set<() => void>()
      const notify = () => {
        for (const look of waiting) look()
      }
      server.on("connection", (socket: Socket) => {
        sockets.push(socket)
        socket.on("error", () => undefined)
        socket.on("close", notify)
        notify()
      })
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        const receiver = {
          url: `http://127.0.0.1:${port}`,
          port,
          received: [] as Array<Received>,
          sockets,
          notify,
          until: (predicate: (receiver: Receiver) => boolean) =>
            Effect.async<void>((resume) => {
              const look = () => {
                if (!predicate(receiver)) return
                waiting.delete(look)
                resume(Effect.void)
              }
              waiting.add(look)
              look()
              return Effect.sync(() => waiting.delete(look))
            }),
        }
        resume(Effect.succeed(receiver))
      })
    }),
    ({ sockets }) =>
      Effect.async<void>((resume) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resume(Effect.void))
      }),
  )

/** Reads every request whole, then lets `answer` answer it; without one, 204. */
export const http = (
  answer: (request: Received, response: ServerResponse) => void = (_, response) =>
    response.writeHead(204).end(),
): Effect.Effect<Receiver, never, Scope.Scope> =>
  Effect.gen(function* () {
    let receiver: (Receiver & { received: Array<Received>; notify: () => void }) | undefined
    const onRequest: RequestListener = (message, response) => {
      const chunks: Array<Buffer> = []
      message.on("data", (chunk: Buffer) => chunks.push(chunk))
      message.on("end", () => {
        const request: Received = {
          method: message.method ?? "",
          url: message.url ?? "",
          headers: message.headers,
          rawHeaders: message.rawHeaders,
          body: Buffer.concat(chunks),
        }
        receiver?.received.push(request)
        receiver?.notify()
        answer(request, response)
      })
    }
    receiver = yield* listening(createServer(onRequest))
    return receiver
  })

/** Raw sockets: `onRequest` is called with the first bytes of each request. */
export const tcp = (
  onRequest: (socket: Socket) => void,
): Effect.Effect<Receiver, never, Scope.Scope> =>
  listening(createTcpServer((socket) => socket.on("data", () => onRequest(socket))))

/** Answers with these statuses in turn, the last one again and again. */
export const statuses = (
  ...answers: ReadonlyArray<number | readonly [status: number, headers: Record<string, string>]>
): Effect.Effect<Receiver, never, Scope.Scope> => {
  let turn = 0
  return http((_, response) => {
    const answer = answers[Math.min(turn++, answers.length - 1)] ?? 204
    const [status, headers] = typeof answer === "number" ? [answer, {}] : answer
    response.writeHead(status, headers).end()
  })
}
