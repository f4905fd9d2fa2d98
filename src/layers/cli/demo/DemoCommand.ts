// eventloom demo: the whole mesh in one command on this machine.

import { Command, Options } from "@effect/cli"
import { Effect } from "effect"
import { UsageError } from "../CliErrors.js"

const MAX_EVENTS = 1_000_000
const MIN_EVENTS = 200

export const demoCommand = Command.make(
  "demo",
  {
    events: Options.integer("events").pipe(
      Options.withDescription("How many events to publish"),
      Options.withDefault(20_000),
    ),
    json: Options.boolean("json").pipe(Options.withDescription("Print the report as JSON")),
  },
  (flags) =>
    Effect.gen(function* () {
      if (flags.events < MIN_EVENTS || flags.events > MAX_EVENTS) {
        return yield* new UsageError({
          reason: `--events must be from ${MIN_EVENTS} to ${MAX_EVENTS}`,
        })
      }
      // The store and the transports are loaded by this command alone.
      const { demo } = yield* Effect.promise(() => import("./Demo.js"))
      yield* demo(flags)
    }),
).pipe(Command.withDescription("Show the whole mesh at work on this machine, in half a minute"))
