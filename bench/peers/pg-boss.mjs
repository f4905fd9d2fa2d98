// pg-boss on Postgres: batches of jobs, each batch delivered in parallel.
import { PgBoss } from "pg-boss"

const queue = "bench"

export const open = async ({ databaseUrl }) => {
  const schema = `bench_pgboss_${process.pid}`
  const boss = new PgBoss({
    connectionString: databaseUrl,
    schema,
    max: 10,
    supervise: false,
    schedule: false,
  })
  boss.on("error", (error) => console.error(error))
  await boss.start()
  await boss.createQueue(queue)
  return {
    enqueueMany: async (bodies) => {
      for (let at = 0; at < bodies.length; at += 500) {
        await boss.insert(
          queue,
          bodies.slice(at, at + 500).map((body) => ({ data: { body } })),
        )
      }
    },
    enqueue: (body) => boss.send(queue, { body }),
    start: async (deliver, concurrency, latency) => {
      const options = latency
        ? { batchSize: concurrency, pollingIntervalSeconds: 0.5 }
        : {
            batchSize: 250,
            localConcurrency: 2,
            pollingIntervalSeconds: 0.5,
            burstWhenBatchFull: true,
          }
      await boss.work(queue, options, async (jobs) => {
        await Promise.all(jobs.map((job) => deliver(job.data.body)))
      })
    },
    close: async () => {
      await boss.stop({ graceful: false })
      await boss
        .getDb?.()
        .executeSql(`drop schema if exists ${schema} cascade`)
        .catch(() => undefined)
    },
  }
}
