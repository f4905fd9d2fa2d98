// The mesh without Effect: a webhook that is out and comes back, a handler, a live stream, a removal.
//
//   npx tsx examples/promise.ts

import { once } from "node:events"
import { createServer } from "node:http"
import { createMesh, MeshError, RejectEvent } from "eventloom/promise"

// A receiver that is out of order for the first two requests.
let requests = 0
const received = new Set<string>()
const receiver = createServer((request, response) => {
  const isOut = ++requests <= 2
  request.resume().once("end", () => {
    if (!isOut) received.add(String(request.headers["webhook-id"]))
    response.writeHead(isOut ? 503 : 204).end()
    if (received.size === 3) receiver.emit("complete")
  })
}).listen(0, "127.0.0.1")
await once(receiver, "listening")
const address = receiver.address()
const port = typeof address === "object" ? address?.port : undefined

const mesh = await createMesh({ store: "memory", allowPrivateTargets: true })
const shop = await mesh.namespace("shop.example", { retry: { initial: "50ms", max: "200ms" } })

const { secret } = await shop.webhook("billing", { url: `http://127.0.0.1:${port}/hook` })
console.log("signed with", secret?.slice(0, 6))

await shop.handle("stock", { types: ["order.placed"], ordering: "key" }, (event, delivery) => {
  if (event.subject === "0") throw new RejectEvent("orders start at 1")
  console.log("stock takes", event.subject, "on attempt", delivery.attempt)
})

const live = shop.stream({ types: ["order.*"] })
await live.ready

const receipts = await shop.publish([
  { type: "order.placed", source: "/shop", subject: "0" },
  { type: "order.placed", source: "/shop", subject: "1", data: { total: 99 } },
  { type: "order.paid", source: "/shop", subject: "1" },
])
console.log(
  "accepted",
  receipts.map(({ sequence }) => sequence),
)

for await (const event of live) {
  console.log("live:", event.type, event.subject)
  if (event.type === "order.paid") break
}
if (received.size < 3) await once(receiver, "complete")
console.log("delivered", received.size, "of 3 although the receiver was out")

await shop.publish({ type: "", source: "/shop" }).catch((error: unknown) => {
  if (error instanceof MeshError) console.log("refused:", error.code, error.field)
})

for await (const { sequence, event } of shop.tail({ after: 0, types: ["order.*"] })) {
  console.log("in the journal:", sequence, event.type)
  if (event.type === "order.paid") break
}

const { complete, steps } = await shop.remove()
console.log("removed:", complete, "in", steps.length, "steps")
await mesh.close()
receiver.close()
