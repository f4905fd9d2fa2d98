import { createMesh } from "eventloom/promise"

const mesh = await createMesh({ store: { dataDir: "./data" } })
const acme = await mesh.namespace("acme.example")
await acme.handle("orders", { types: ["order.*"], ordering: "key" }, async (event) => {
  console.log(event.type, event.subject, event.data)
})
await acme.publish({ type: "order.placed", source: "/shop", subject: "17", data: { total: 99 } })
await mesh.close()
