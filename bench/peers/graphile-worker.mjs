// graphile-worker on Postgres with its local queue and batched completion.
import { Logger, makeWorkerUtils, run } from "graphile-worker"
import { Pool } from "pg"

// Its default logs a line for each job; nobody who wants speed leaves that on.
const logger = new Logger(() => () => undefined)

export const open = async ({ databaseUrl }) => {
  const schema = `bench_graphile_${process.pid}`
  const pool = new Pool({ connectionString: databaseUrl, max: 20 })
  pool.on("error", (error) => console.error(error))
  pool.on("connect", (client) => client.on("error", (error) => console.error(error)))
  const utils = await makeWorkerUtils({ pgPool: pool, schema, logger })
  await utils.migrate()
  let runner
  return {
    enqueueMany: async (bodies) => {
      for (let at = 0; at < bodies.length; at += 500) {
        await utils.addJobs(
          bodies.slice(at, at + 500).map((body) => ({ identifier: "j", payload: { body } })),
        )
      }
    },
    enqueue: (body) => utils.addJob("j", { body }),
    start: async (deliver, concurrency, latency) => {
      runner = await run({
        pgPool: pool,
        schema,
        logger,
        concurrency,
        noHandleSignals: true,
        pollInterval: 500,
        taskList: { j: (payload) => deliver(payload.body) },
        preset: {
          worker: latency
            ? { schema, concurrentJobs: concurrency }
            : {
                schema,
                concurrentJobs: concurrency,
                localQueue: { size: 500 },
                completeJobBatchDelay: 0,
                failJobBatchDelay: 0,
              },
        },
      })
    },
    close: async () => {
      await runner?.stop()
      await utils.release()
      await pool.query(`drop schema if exists ${schema} cascade`)
      await pool.end()
    },
  }
}
