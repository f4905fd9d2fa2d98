// Webhook receivers on this machine: they check the signature of each request, note what arrived, and
// answer 503 while they are told to.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { performance } from "node:perf_hooks"
import { Effect, Redacted, Schema, type Scope } from "effect"
import { type Verifier, webhookVerifier } from "../../verify/index.js"
import { CommandFailed } from "../CliErrors.js"
import type { Destination } from "./Ledger.js"

export interface Receiver {
  /** The URL of a destination, which gets what is posted there. */
  readonly url: (destination: Destination) => string
  /** Takes the destination's requests from here on, signed with the secret. */
  readonly register: (destination: Destination, secret: Redacted.Redacted) => void
  readonly setFailing: (failing: boolean) => void
}

const DemoEvent = Schema.Struct({
  id: Schema.String,
  subject: Schema.String,
  data: Schema.Struct({ place: Schema.Number }),
})
/** Throws on anything but an event of the demo. */
export const parseDemoEvent = Schema.decodeUnknownSync(DemoEvent)

const pathOf = ({ domain, subscription }: Destination) => `/${domain}/${subscription}`

/** Listens on a free port of loopback until the scope closes. */
export const makeReceiver: Effect.Effect<Receiver, CommandFailed, Scope.Scope> = Effect.gen(
  function* () {
    const inboxes = new Map<string, { destination: Destination; verify: Verifier }>()
    let failing = false

    const take = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
      const inbox = inboxes.get(request.url ?? "")
      if (inbox === undefined) return void response.writeHead(404).end()
      const { destination, verify } = inbox
      if (failing) {
        destination.refused++
        return void response.writeHead(503).end()
      }
      void verify(body, request.headers).then(
        ({ events }) => {
          for (const event of events) {
            const { id, subject, data } = parseDemoEvent(event)
            destination.receive(id, subject, data.place, performance.now())
          }
          response.writeHead(204).end()
        },
        () => {
          destination.unsigned++
          response.writeHead(401).end()
        },
      )
    }

    const server = yield* Effect.acquireRelease(
      Effect.sync(() =>
        createServer((request, response) => {
          const chunks: Array<Buffer> = []
          request.on("data", (chunk: Buffer) => chunks.push(chunk))
          request.on("end", () => take(request, response, Buffer.concat(chunks)))
        }),
      ),
      close,
    )
    const port = yield* listen(server)
    return {
      url: (destination) => `http://127.0.0.1:${port}${pathOf(destination)}`,
      register: (destination, secret) => {
        const verify = webhookVerifier({ secrets: Redacted.value(secret) })
        inboxes.set(pathOf(destination), { destination, verify })
      },
      setFailing: (given) => {
        failing = given
      },
    }
  },
)

const listen = (server: Server): Effect.Effect<number, CommandFailed> =>
  Effect.async((resume) => {
    server.once("error", ({ message }) =>
      resume(new CommandFailed({ reason: `A receiver cannot listen: ${message}` })),
    )
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const close = (server: Server): Effect.Effect<void> =>
  Effect.async((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })
