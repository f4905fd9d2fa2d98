// BullMQ on Redis, as its documentation tunes it for throughput.
import { Queue, Worker } from "bullmq"
import { Redis } from "ioredis"

const redis = () => new Redis({ host: "127.0.0.1", port: 6379, maxRetriesPerRequest: null })
const name = `eventloom-bench-${process.pid}`

export const open = async () => {
  const queue = new Queue(name, {
    connection: redis(),
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  })
  let worker
  return {
    enqueueMany: async (bodies) => {
      for (let at = 0; at < bodies.length; at += 500) {
        await queue.addBulk(
          bodies.slice(at, at + 500).map((body) => ({ name: "j", data: { body } })),
        )
      }
    },
    enqueue: (body) => queue.add("j", { body }),
    start: async (deliver, concurrency) => {
      worker = new Worker(name, (job) => deliver(job.data.body), {
        connection: redis(),
        concurrency,
      })
      await worker.waitUntilReady()
    },
    close: async () => {
      await worker?.close()
      await queue.obliterate({ force: true })
      await queue.close()
    },
  }
}
