// Changes of a Postgres database without Effect: the orders that are there, then each change, until Ctrl-C.
// The server needs `wal_level = logical`, the database a table `orders` with a primary key.
//
//   DATABASE_URL=postgres://… npx tsx examples/postgres-changes.ts

import { once } from "node:events"
import { createMesh } from "eventloom/promise"

const mesh = await createMesh({ store: { dataDir: "./data" } })
const acme = await mesh.namespace("acme.example")

await acme.handle("orders", { types: ["postgres.public.orders.*"], ordering: "key" }, (event) => {
  console.log(event.type, event.subject, event.data)
})
await mesh.sources.postgres("shop", {
  databaseUrl: process.env["DATABASE_URL"],
  slot: "eventloom",
  publication: "shop",
  publicationTables: ["public.orders"],
  snapshot: "all",
  namespace: "acme.example",
})

await once(process, "SIGINT")
const { counts, position } = await mesh.sources.get("shop")
console.log("journalled", counts.events, "events, all before", position)
// Its slot goes with it; without this, the source goes on here when the mesh is started again.
await mesh.sources.remove("shop")
await mesh.close()
