// The body of a request, never more of it than is allowed.
//
// A body that is too large is refused as soon as that is known. Its sender may still be sending, so
// the answer ends the connection, but gently (RFC 9112, section 9.6): closed at once, it could be
// reset before the answer is read.

import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { Problem } from "./Problem.js"

/** What is left of a refused request is read and dropped up to this size, to keep the connection. */
const droppedBytes = 64 * 1024
const lingerMillis = 1_000

/** Called once, unless the connection is lost first. */
export type BodyRead = (body: Uint8Array | Problem) => void

export const readBody = (request: IncomingMessage, limitBytes: number, done: BodyRead): void => {
  if (declaredBytes(request) > limitBytes) return done(tooLarge(limitBytes))
  let only: Buffer | undefined
  let rest: Array<Buffer> | undefined
  let bytes = 0
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length
    if (bytes > limitBytes) {
      request.off("data", onData).off("end", onEnd)
      done(tooLarge(limitBytes))
    } else if (only === undefined) {
      only = chunk
    } else {
      rest ??= [only]
      rest.push(chunk)
    }
  }
  const onEnd = (): void => {
    done(rest === undefined ? (only ?? empty) : Buffer.concat(rest, bytes))
  }
  request.on("data", onData).on("end", onEnd)
}

const empty = new Uint8Array(0)

/** What the request says of its size: 0 when it says nothing. Node has checked that it is a number. */
const declaredBytes = ({ headers }: IncomingMessage): number =>
  Number(headers["content-length"] ?? 0)

const tooLarge = (limitBytes: number) =>
  new Problem({
    status: 413,
    kind: "body-too-large",
    detail: `The body is larger than ${limitBytes} bytes.`,
    field: "body",
    facts: { limitBytes },
  })

/** Requests of methods that mean nothing by a body may have a small one, which is dropped. */
export const unexpectedBody = (request: IncomingMessage): Problem | undefined =>
  bodied.has(request.method ?? "") || isSmall(request) ? undefined : tooLarge(droppedBytes)

const bodied: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"])

const isSmall = (request: IncomingMessage): boolean =>
  request.headers["transfer-encoding"] === undefined && declaredBytes(request) <= droppedBytes

/** Before the answer to a request whose body may be unread: ends the connection if it is not small. */
export const refuseRest = (request: IncomingMessage, response: ServerResponse): void => {
  if (request.complete || isSmall(request)) return
  response.shouldKeepAlive = false
  lingerOnClose(request.socket)
}

/** Closing sends what is written, then drops what still comes until the other side closes too. */
const lingerOnClose = (socket: Socket): void => {
  socket.destroySoon = () => {
    socket.end()
    const timer = setTimeout(() => socket.destroy(), lingerMillis)
    socket.once("close", () => clearTimeout(timer))
  }
}
