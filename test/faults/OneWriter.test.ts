// One writer: a second process on the same store is refused and says who has it, and can start as
// soon as the first is gone, even when that was killed.

import { expect, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { freshSchema, type NoServer, serverMissing, testServer } from "../support/Postgres.js"
import { startMesh } from "../support/process/ChildMesh.js"
import type { ProcessOptions } from "../support/process/Protocol.js"
import { embeddedOptions, namespace, optionsFor, publish, upMesh } from "./ChildScene.js"

const missing = await Effect.runPromise(serverMissing)
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing)

const postgresOptions = Effect.gen(function* () {
  const server = yield* testServer
  const schema = yield* freshSchema(server)
  return optionsFor({ _tag: "Postgres", url: server.url, schema })
})

const stores: ReadonlyArray<
  readonly [string, Effect.Effect<ProcessOptions, NoServer, Scope.Scope>, boolean]
> = [
  ["embedded", embeddedOptions, false],
  ["postgres", postgresOptions, missing !== undefined],
]

for (const [name, makeOptions, skipped] of stores) {
  const test = skipped ? it.scopedLive.skip : it.scopedLive
  test(
    `${name}: a second process is refused while the first lives, and starts when it was killed`,
    () =>
      Effect.gen(function* () {
        const options = yield* makeOptions
        const first = yield* upMesh(options)
        yield* first.ask({ _tag: "PutNamespace", namespace })
        const [one] = yield* publish(first, ["one"])
        expect(one).toMatchObject({ sequence: 1, duplicate: false })

        const second = yield* startMesh(options)
        const refused = yield* Effect.flip(second.ready)
        expect(refused).toMatchObject({ _tag: "Refused", error: "StoreLocked" })
        expect(refused.message).toContain("in use by another process")
        expect(yield* second.ended).toMatchObject({ code: 1 })
        const [two] = yield* publish(first, ["two"])
        expect(two).toMatchObject({ sequence: 2, duplicate: false })

        yield* first.signal("SIGKILL")
        yield* first.ended
        const third = yield* upMesh(options)
        const receipts = yield* publish(third, ["one", "two", "three"])
        expect(receipts.map(({ sequence, duplicate }) => [sequence, duplicate])).toEqual([
          [1, true],
          [2, true],
          [3, false],
        ])
      }),
    60_000,
  )
}
