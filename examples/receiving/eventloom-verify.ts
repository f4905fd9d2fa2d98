// A receiver in TypeScript: eventloom/verify checks the signature and hands out the events.
import { createServer } from "node:http"
import { buffer } from "node:stream/consumers"
import { WebhookVerificationError, webhookVerifier } from "eventloom/verify"

const verify = webhookVerifier({ secrets: (process.env["WEBHOOK_SECRET"] ?? "").split(" ") })
// In a real service: a table with a unique key, written in one transaction with what the event does.
const seen = new Set<string>()

const server = createServer(async (request, response) => {
  try {
    const body = await buffer(request)
    const { events, id } = await verify(body, request.headers)
    if (!seen.has(id)) for (const event of events) console.log(event.type, event.id)
    seen.add(id)
    response.writeHead(204).end()
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error
    response.writeHead(error.code === "keys-unavailable" ? 503 : 401).end()
  }
})

server.listen(Number(process.env["PORT"] ?? 9090), "127.0.0.1", () => {
  const address = server.address()
  console.log("listening on", typeof address === "object" ? address?.port : address)
})
