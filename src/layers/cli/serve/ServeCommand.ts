// eventloom serve: the server, until it is told to stop.

import { Command } from "@effect/cli"
import { Effect } from "effect"
import { Screen } from "../screen/Screen.js"
import * as Logs from "../Logs.js"
import { logConfig } from "../variables/LogVariables.js"
import { deploymentConfig, serveOptions } from "./ServeOptions.js"

export const serveCommand = Command.make("serve", serveOptions, (flags) =>
  Effect.gen(function* () {
    const config = yield* deploymentConfig(flags)
    const { err } = yield* Screen
    const logs = yield* logConfig(err.isTerminal)
    // The store, the server and the transports are loaded by this command alone.
    const { serve } = yield* Effect.promise(() => import("./Serve.js"))
    yield* Effect.provide(
      serve(config, flags),
      Logs.layer({ ...logs, colours: err.paint.isColoured }),
    )
  }),
).pipe(Command.withDescription("Run the server"))
