// The stores in SQL under the laws: embedded in a folder of its own, and a schema of its own on a
// real server.

import { Effect, Redacted } from "effect"
import * as EmbeddedStore from "../../src/layers/stores/sql/EmbeddedStore.js"
import * as PostgresStore from "../../src/layers/stores/sql/PostgresStore.js"
import { temporaryDirectory } from "../support/TemporaryDirectory.js"
import { freshSchema, serverMissing, testServer } from "../support/Postgres.js"
import type { StoreHarness } from "./StoreHarness.js"

export const embedded: StoreHarness = {
  place: Effect.map(temporaryDirectory, (dataDir) => ({ open: EmbeddedStore.layer({ dataDir }) })),
  durable: true,
  exclusive: true,
  processes: false,
  runs: 20,
}

export const postgres: StoreHarness = {
  place: Effect.gen(function* () {
    const server = yield* testServer
    const options = { url: Redacted.make(server.url), schema: yield* freshSchema(server) }
    return {
      open: PostgresStore.layer(options),
      otherProcess: PostgresStore.invalidation(options),
    }
  }),
  durable: true,
  exclusive: true,
  processes: true,
  runs: 20,
  missing: serverMissing,
}
