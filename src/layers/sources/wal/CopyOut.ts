// `COPY … TO STDOUT`, with a bound on what is kept of it.

import { Effect } from "effect"
import type { Client } from "pg"
import type { SourceProblem } from "../../../domain/index.js"
import { problemOf } from "./ServerProblem.js"

interface CopyData {
  readonly chunk: Buffer
}

export const isCopyData = (message: unknown): message is CopyData =>
  typeof message === "object" &&
  message !== null &&
  "chunk" in message &&
  Buffer.isBuffer(message.chunk)

export interface CopiedRows {
  /** Each as the server sent it, with the end of its line. */
  readonly rows: ReadonlyArray<Buffer>
  readonly bytes: number
  /** There was more, beyond the bound; the connection was given up, for there is no other way to stop. */
  readonly isCut: boolean
}

export const copyOut = (
  client: Client,
  statement: string,
  maxBytes: number,
): Effect.Effect<CopiedRows, SourceProblem> =>
  Effect.async((resume) => {
    const { connection } = client
    const rows: Array<Buffer> = []
    let bytes = 0
    const stop = () => {
      connection.off("copyData", receive)
      connection.stream.destroy()
    }
    const receive = (message: unknown) => {
      if (!isCopyData(message)) return
      // The driver may use its buffer again.
      rows.push(Buffer.from(message.chunk))
      bytes += message.chunk.length
      if (bytes <= maxBytes) return
      stop()
      resume(Effect.succeed({ rows, bytes, isCut: true }))
    }
    connection.on("copyData", receive)
    client.query(statement).then(
      () => {
        connection.off("copyData", receive)
        resume(Effect.succeed({ rows, bytes, isCut: false }))
      },
      (error: unknown) => {
        connection.off("copyData", receive)
        resume(problemOf(error))
      },
    )
    return Effect.sync(stop)
  })
