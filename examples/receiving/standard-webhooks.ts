// The same with the library of Standard Webhooks, which every sender of that standard works with.
import { createServer } from "node:http"
import { buffer } from "node:stream/consumers"
import { Webhook, WebhookVerificationError } from "standardwebhooks"

const webhook = new Webhook(process.env["WEBHOOK_SECRET"] ?? "")
const seen = new Set<string>()

interface CloudEvent {
  readonly id: string
  readonly type: string
}

const server = createServer(async (request, response) => {
  try {
    const body = await buffer(request)
    const id = String(request.headers["webhook-id"])
    const event = webhook.verify(body, {
      "webhook-id": id,
      "webhook-timestamp": String(request.headers["webhook-timestamp"]),
      "webhook-signature": String(request.headers["webhook-signature"]),
    }) as CloudEvent
    if (!seen.has(id)) console.log(event.type, event.id)
    seen.add(id)
    response.writeHead(204).end()
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error
    response.writeHead(401).end()
  }
})

server.listen(Number(process.env["PORT"] ?? 9090), "127.0.0.1", () => {
  const address = server.address()
  console.log("listening on", typeof address === "object" ? address?.port : address)
})
