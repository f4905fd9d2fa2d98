// The disk is full: publishes fail and nothing of them is acknowledged, what was acknowledged before
// is delivered, and when there is space again all goes on, without a restart.

import { randomBytes } from "node:crypto"
import { expect, it } from "@effect/vitest"
import { Effect, Schedule, type Scope } from "effect"
import * as Receivers from "../layers/transports/support/Receiver.js"
import { fileLimitMissing, limitFiles, serverProcesses } from "../support/FileLimit.js"
import { type NoServer, startServer } from "../support/Postgres.js"
import type { ChildMesh } from "../support/process/ChildMesh.js"
import type { ProcessOptions } from "../support/process/Protocol.js"
import {
  embeddedOptions,
  idsAt,
  optionsFor,
  publish,
  settled,
  subscribe,
  upMesh,
} from "./ChildScene.js"

const missing = await Effect.runPromise(fileLimitMissing)
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing)
const test = missing === undefined ? it.scopedLive : it.scopedLive.skip

/** As large as a file of the write-ahead log, which is made at once; tables grow beyond it. */
const fileBytes = 16 * 1024 * 1024
/** Random, so that the database cannot make it smaller. */
const largeData = () => randomBytes(300_000).toString("base64")

/** Less than such a file: when it is full the database panics, for which a server would restart. */
const lessThanLog = 15 * 1024 * 1024

interface Site {
  readonly limit: number
  readonly options: ProcessOptions
  readonly writers: (mesh: ChildMesh) => Effect.Effect<ReadonlyArray<number>>
}

const embedded = (limit: number) =>
  Effect.map(
    embeddedOptions,
    (options): Site => ({
      options,
      limit,
      writers: ({ pid }) => Effect.succeed(pid === undefined ? [] : [pid]),
    }),
  )

const postgres = Effect.map(
  startServer(),
  ({ url }): Site => ({
    limit: fileBytes,
    options: optionsFor({ _tag: "Postgres", url, schema: "eventloom" }),
    writers: () => serverProcesses(url),
  }),
)

const sites: ReadonlyArray<readonly [string, Effect.Effect<Site, NoServer, Scope.Scope>]> = [
  ["embedded", embedded(fileBytes)],
  ["embedded, without room for its log", embedded(lessThanLog)],
  ["postgres", postgres],
]

for (const [name, makeSite] of sites) {
  test(
    `${name}: a full disk costs errors, and nothing that was acknowledged`,
    () =>
      Effect.gen(function* () {
        const { options, limit, writers } = yield* makeSite
        const receiver = yield* Receivers.http()
        const mesh = yield* upMesh(options)
        yield* subscribe(mesh, receiver)
        const acknowledged: Array<string> = []
        const tryOne = (id: string) =>
          Effect.tap(publish(mesh, [id], largeData()), () =>
            Effect.sync(() => acknowledged.push(id)),
          )
        yield* tryOne("before")
        yield* Effect.flatMap(writers(mesh), (pids) => limitFiles(pids, limit))

        let refused: string | undefined
        for (let count = 0; refused === undefined && count < 100; count++) {
          const answer = yield* Effect.either(tryOne(`filling-${count}`))
          if (answer._tag === "Right") continue
          expect(answer.left).toMatchObject({ _tag: "Refused", error: "StoreUnavailable" })
          refused = `filling-${count}`
        }
        expect(refused).toBeDefined()
        const again = yield* Effect.flip(tryOne("still-full"))
        expect(again).toMatchObject({ _tag: "Refused", error: "StoreUnavailable" })
        yield* receiver.until(({ received }) => received.length >= acknowledged.length)

        yield* Effect.flatMap(writers(mesh), (pids) => limitFiles(pids, undefined))
        for (const id of ["still-full", refused ?? "", "after"]) {
          yield* tryOne(id).pipe(Effect.retry(Schedule.spaced("50 millis")))
        }
        yield* settled(mesh)
        expect([...idsAt(receiver)].sort()).toEqual([...acknowledged].sort())
        const receipts = yield* publish(mesh, acknowledged)
        expect(receipts.every(({ duplicate }) => duplicate)).toBe(true)
        expect(receipts.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(
          acknowledged.map((_, index) => index + 1),
        )
      }),
    60_000,
  )
}
