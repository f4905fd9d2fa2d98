// A server for commands to talk to: a mesh in memory behind HTTP on a free port, in this process.

import { Effect, Layer, Redacted } from "effect"
import { HttpServer } from "../../../../src/layers/http/index.js"
import * as Http from "../../../../src/layers/http/HttpServer.js"
import * as SingleProcess from "../../../../src/layers/SingleProcess.js"
import * as PostgresChanges from "../../../../src/layers/sources/wal/PostgresChanges.js"
import * as MemoryStore from "../../../../src/layers/stores/memory/MemoryStore.js"
import { AesVault } from "../../../../src/layers/vault/index.js"
import { type RunOptions, runCli } from "./Run.js"

export const testServer = (adminToken?: string) =>
  Http.layer({
    host: "127.0.0.1",
    port: 0,
    ...(adminToken === undefined ? {} : { adminToken: Redacted.make(adminToken) }),
  }).pipe(
    Layer.provideMerge(
      SingleProcess.layer({ store: MemoryStore.layer, vault: AesVault.layerTest }).pipe(
        Layer.provide(PostgresChanges.layer),
      ),
    ),
  )

/** Runs a command with EVENTLOOM_URL set to the server. */
export const cli = (args: string, options: RunOptions = {}) =>
  Effect.flatMap(HttpServer, ({ url }) =>
    runCli(args.split(" "), { ...options, env: { EVENTLOOM_URL: url, ...options.env } }),
  )
