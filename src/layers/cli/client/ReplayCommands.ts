// eventloom subscriptions replay, replays and cancel-replay: a part of the journal once more.

import { Args, Command, Options } from "@effect/cli"
import { Effect, Option } from "effect"
import { CommandFailed } from "../CliErrors.js"
import type { Paint } from "../screen/Paint.js"
import { progressBar } from "../screen/ProgressBar.js"
import { type ApiClientShape, listAll } from "./ApiClient.js"
import { clientOptions, withClient } from "./ClientCommand.js"
import { given, type Item, itemOf, text } from "./Fields.js"
import { type FieldColumn, namespaceArg, pathIn, showList, showOne } from "./ResourceCommands.js"

const stateText = (item: Item, paint: Paint): string => {
  const state = text(item, "state")
  if (state === "completed") return paint.green(state)
  return state === "parked" ? paint.red(state) : paint.yellow(state)
}

const columns: ReadonlyArray<FieldColumn> = [
  { title: "id", cell: (item, paint) => paint.bold(text(item, "id")) },
  { title: "state", cell: stateText },
  ...["from", "to", "position", "delivered", "failed", "dead", "skipped"].map(
    (field): FieldColumn => ({ title: field, align: "right", cell: (item) => text(item, field) }),
  ),
]

const name = Args.text({ name: "name" })

/** A sequence or a time, as the server takes it. */
const placeOf = (value: string): unknown =>
  /^\d+$/.test(value) ? { sequence: value } : { time: value }

const poll = "500 millis"

/** Waits for its end behind a progress bar; answers it as it has ended. */
const untilEnded = (api: ApiClientShape, path: ReadonlyArray<string>, label: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const bar = yield* progressBar({ label, unit: "delivered" })
      let before = "running"
      for (;;) {
        const replay = itemOf(yield* api.request("GET", path))
        const state = text(replay, "state")
        if (state === "completed" || state === "cancelled") return replay
        if (state !== before) yield* bar.say(`The replay is ${state}.`)
        before = state
        const fraction = Number(text(replay, "progress"))
        yield* bar.update({ done: Number(text(replay, "delivered")), fraction })
        yield* Effect.sleep(poll)
      }
    }),
  )

export const replayCommand = Command.make(
  "replay",
  {
    namespace: namespaceArg,
    name,
    from: Options.text("from").pipe(
      Options.withDescription("earliest, the first sequence or a time (RFC 3339)"),
    ),
    to: Options.text("to").pipe(
      Options.withDescription("The last sequence, or a time [default: what is published by now]"),
      Options.optional,
    ),
    rate: Options.text("rate").pipe(
      Options.withDescription('Attempts that may start, such as 100/s or "10/s burst 1"'),
      Options.optional,
    ),
    concurrency: Options.integer("concurrency").pipe(
      Options.withDescription("Deliveries in flight at once"),
      Options.optional,
    ),
    detach: Options.boolean("detach").pipe(Options.withDescription("Do not wait for its end")),
    ...clientOptions,
  },
  (flags) =>
    withClient(flags, (api) =>
      Effect.gen(function* () {
        const pace = { ...given("rate", flags.rate), ...given("concurrency", flags.concurrency) }
        const body = {
          from: flags.from === "earliest" ? flags.from : placeOf(flags.from),
          ...given("to", Option.map(flags.to, placeOf)),
          ...(Object.keys(pace).length === 0 ? {} : { pace }),
        }
        const at = (...rest: ReadonlyArray<string>) =>
          pathIn(flags.namespace, "subscriptions", flags.name, ...rest)
        const started = itemOf(yield* api.request("POST", at("replay"), { body }))
        if (flags.detach) return yield* showOne(flags, started)
        const ended = yield* untilEnded(api, at("replays", text(started, "id")), flags.name)
        yield* showOne(flags, ended)
        if (text(ended, "state") === "cancelled") {
          return yield* new CommandFailed({ reason: "The replay was cancelled." })
        }
      }),
    ),
).pipe(
  Command.withDescription("Deliver a part of the journal once more; it goes on if this is stopped"),
)

export const replaysCommand = Command.make(
  "replays",
  { namespace: namespaceArg, name, ...clientOptions },
  (flags) =>
    withClient(flags, (api) =>
      Effect.flatMap(
        listAll(api, pathIn(flags.namespace, "subscriptions", flags.name, "replays"), "replays"),
        (answer) => showList(flags, answer, "replays", columns),
      ),
    ),
).pipe(Command.withDescription("List the replays of a subscription"))

export const cancelReplayCommand = Command.make(
  "cancel-replay",
  { namespace: namespaceArg, name, replay: Args.text({ name: "replay" }), ...clientOptions },
  (flags) =>
    withClient(flags, (api) =>
      Effect.flatMap(
        api.request(
          "DELETE",
          pathIn(flags.namespace, "subscriptions", flags.name, "replays", flags.replay),
        ),
        (answer) => showOne(flags, answer),
      ),
    ),
).pipe(Command.withDescription("End a replay before its time"))
