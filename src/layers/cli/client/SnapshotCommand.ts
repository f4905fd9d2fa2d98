// eventloom sources snapshot: all rows of a table told, beside its changes.

import { Args, Command, Options } from "@effect/cli"
import { Effect } from "effect"
import { CommandFailed } from "../CliErrors.js"
import { progressBar } from "../screen/ProgressBar.js"
import type { ApiClientShape } from "./ApiClient.js"
import { clientOptions, withClient } from "./ClientCommand.js"
import { type Item, itemOf, itemsOf, text } from "./Fields.js"
import { showOne } from "./ResourceCommands.js"

const poll = "500 millis"

const isEnded = (snapshot: Item): boolean => ["done", "failed"].includes(text(snapshot, "state"))

/** How much of a table is told, from 0 to 1, as far as the server knows; 1 is for what has ended. */
export const fractionOf = (snapshot: Item): number | undefined => {
  if (isEnded(snapshot)) return 1
  const estimated = Number(text(snapshot, "estimatedRows"))
  return estimated > 0 ? Math.min(0.99, Number(text(snapshot, "rows")) / estimated) : undefined
}

/** Waits for its end behind a progress bar; answers it as it has ended. */
const untilEnded = (api: ApiClientShape, source: string, table: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const bar = yield* progressBar({ label: table, unit: "rows" })
      for (;;) {
        const view = itemOf(yield* api.request("GET", ["v1", "sources", source]))
        const snapshot = itemOf(
          itemsOf(view["snapshots"]).find((one) => text(one, "table") === table),
        )
        if (isEnded(snapshot)) return snapshot
        const fraction = fractionOf(snapshot)
        yield* bar.update({
          done: Number(text(snapshot, "rows")),
          ...(fraction === undefined ? {} : { fraction }),
        })
        yield* Effect.sleep(poll)
      }
    }),
  )

export const snapshotCommand = Command.make(
  "snapshot",
  {
    name: Args.text({ name: "name" }),
    table: Args.text({ name: "table" }).pipe(
      Args.withDescription("With its schema, as in public.orders"),
    ),
    detach: Options.boolean("detach").pipe(Options.withDescription("Do not wait for its end")),
    ...clientOptions,
  },
  (flags) =>
    withClient(flags, (api) =>
      Effect.gen(function* () {
        const body = { table: flags.table }
        const path = ["v1", "sources", flags.name, "snapshots"]
        const started = itemOf(yield* api.request("POST", path, { body }))
        if (flags.detach) return yield* showOne(flags, started)
        const ended = yield* untilEnded(api, flags.name, flags.table)
        yield* showOne(flags, ended)
        if (text(ended, "state") === "failed") {
          return yield* new CommandFailed({ reason: text(ended, "problem") })
        }
      }),
    ),
).pipe(
  Command.withDescription(
    "Have all rows of a table told, beside its changes; it goes on if this is stopped",
  ),
)
