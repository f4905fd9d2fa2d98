// A process with a mesh that takes events from a database, to be killed. Its arguments: the URL of the
// database, of the store, and the slot.

import process from "node:process"
import { Effect, Layer, Logger, LogLevel, Redacted } from "effect"
import { Mesh } from "../../src/actors/index.js"
import { NamespaceName, SourceName } from "../../src/domain/index.js"
import * as SingleProcess from "../../src/layers/SingleProcess.js"
import * as PostgresChanges from "../../src/layers/sources/wal/PostgresChanges.js"
import * as PostgresStore from "../../src/layers/stores/sql/PostgresStore.js"
import { AesVault } from "../../src/layers/vault/index.js"

const [databaseUrl = "", storeUrl = "", slot = ""] = process.argv.slice(2)

const layer = SingleProcess.layer({
  store: PostgresStore.layer({ url: Redacted.make(storeUrl) }),
  vault: AesVault.layerTest,
}).pipe(Layer.provide(PostgresChanges.layer), Layer.provide(Logger.minimumLogLevel(LogLevel.None)))

await Effect.runPromise(
  Effect.gen(function* () {
    const { namespaces, sources } = yield* Mesh
    const source = SourceName.make("db")
    yield* namespaces.put(NamespaceName.make("acme.example"))
    const known = yield* sources.list({ limit: 1 })
    if (known.length === 0) {
      yield* sources.put(source, {
        kind: "wal",
        databaseUrl,
        slot,
        publication: "p",
        namespace: "acme.example",
        bufferBytes: "64KiB",
      })
    }
    yield* Effect.forever(
      Effect.zipRight(
        Effect.flatMap(sources.get(source), (view) =>
          Effect.sync(() => process.send?.({ ...view.counts, state: view.state })),
        ),
        Effect.sleep("50 millis"),
      ),
    )
  }).pipe(Effect.provide(layer)),
)
