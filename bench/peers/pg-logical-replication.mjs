// pg-logical-replication in a process of its own, with a handler that only counts rows.
import { LogicalReplicationService, PgoutputPlugin } from "pg-logical-replication"

const [url, count] = process.argv.slice(2)

process.on("message", ({ slot }) => {
  const service = new LogicalReplicationService({ connectionString: url })
  const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: ["p"] })
  const started = performance.now()
  let rows = 0
  service.on("data", (_, { tag }) => {
    if (tag !== "insert" || ++rows !== Number(count)) return
    const seconds = (performance.now() - started) / 1000
    void service.stop().then(() => process.send({ seconds }))
  })
  service.on("error", (error) => process.send({ failed: "replication", reason: String(error) }))
  service.subscribe(plugin, slot).catch((error) => service.emit("error", error))
})
process.send({ ready: true })
