// Runs one peer in a process of its own, told what to do over IPC: `open`, `enqueue`, `start`,
// `trickle` (so many a second, one by one, with the time of the call in the body), `close`.
import { Pool } from "undici"

const [, , peerName, databaseUrl, port] = process.argv
const peer = await (await import(`./${peerName}.mjs`)).open({ databaseUrl })
const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 64, pipelining: 1 })
const headers = ["content-type", "application/cloudevents+json"]

const deliver = (body) =>
  new Promise((resolve, reject) => {
    pool.dispatch(
      { path: "/hook", method: "POST", headers, body },
      {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData: () => undefined,
        onResponseEnd: () => resolve(),
        onResponseError: (_controller, error) => reject(error),
      },
    )
  })

const trickle = async ({ body, perSecond, count }) => {
  const start = performance.now()
  const calls = []
  for (let n = 0; n < count; n++) {
    const wait = start + (n * 1000) / perSecond - performance.now()
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait))
    calls.push(peer.enqueue(body.replace("SENT_AT", String(process.hrtime.bigint()))))
  }
  await Promise.all(calls)
}

const commands = {
  enqueue: ({ body, count }) => peer.enqueueMany(Array.from({ length: count }, () => body)),
  start: ({ concurrency, latency }) => peer.start(deliver, concurrency, latency),
  trickle,
  close: async () => {
    await peer.close()
    await pool.destroy()
  },
}

const obey = async (message) => {
  try {
    await commands[message.command](message)
    process.send({ done: message.command })
  } catch (error) {
    process.send({ failed: message.command, reason: String(error?.stack ?? error) })
  }
  if (message.command === "close") process.exit(0)
}

process.on("message", (message) => {
  void obey(message)
})
process.send({ done: "open" })
