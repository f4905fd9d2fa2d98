// A process that locks the folder it is given, says so, and keeps it until it is killed.

import { Effect } from "effect"
import { lockFolder } from "../../../src/layers/stores/sql/FolderLock.js"

const keepAlive = Effect.acquireRelease(
  Effect.sync(() => setInterval(() => {}, 60_000)),
  (timer) => Effect.sync(() => clearInterval(timer)),
)

Effect.runFork(
  Effect.scoped(
    Effect.gen(function* () {
      yield* lockFolder(process.argv[2] ?? "")
      yield* keepAlive
      console.log("held")
      return yield* Effect.never
    }),
  ),
)
