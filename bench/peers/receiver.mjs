// The webhook receiver of the benchmarks, in a process of its own: answers 204, counts, and takes the
// time from the call that published ("sentAt", nanoseconds of the monotonic clock) to the receipt.
import { createServer } from "node:http"

let received = 0
let expected = Infinity
let latencies = []
const sentAt = /"sentAt":"(\d+)"/

const server = createServer((request, response) => {
  const chunks = []
  request.on("data", (chunk) => chunks.push(chunk))
  request.on("end", () => {
    response.writeHead(204).end()
    received++
    if (timing) {
      const sent = sentAt.exec(Buffer.concat(chunks).toString())?.[1]
      if (sent !== undefined) latencies.push(Number(process.hrtime.bigint() - BigInt(sent)) / 1e6)
    }
    if (received === expected) process.send({ complete: received })
  })
})
let timing = false
server.keepAliveTimeout = 60_000

process.on("message", ({ command, count, time }) => {
  if (command === "expect") {
    received = 0
    expected = count
    timing = time === true
    latencies = []
    process.send({ ready: true })
  }
  if (command === "latencies") process.send({ latencies })
})
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }))
