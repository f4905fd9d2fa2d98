// eventloom subscriptions: which events go to which sink, and how far each is.

import { Args, Command, Options } from "@effect/cli"
import { Effect, Option } from "effect"
import type { Paint } from "../screen/Paint.js"
import { clientOptions, withClient } from "./ClientCommand.js"
import { given, type Item, itemOf, text } from "./Fields.js"
import { objectInput } from "./JsonInput.js"
import { cancelReplayCommand, replayCommand, replaysCommand } from "./ReplayCommands.js"
import {
  getInCommand,
  listInCommand,
  namespaceArg,
  type NamespacedResource,
  pathIn,
  removeInCommand,
  showRequest,
} from "./ResourceCommands.js"

const stateText = (item: Item, paint: Paint): string => {
  const state = text(item, "state")
  if (state === "live") return paint.green(state)
  return state === "parked" || state === "disabled" ? paint.red(state) : paint.yellow(state)
}

const subscriptions: NamespacedResource = {
  segment: "subscriptions",
  noun: "subscription",
  columns: [
    { title: "name", cell: (item, paint) => paint.bold(text(item, "name")) },
    { title: "sink", cell: (item) => text(item, "sink") },
    {
      title: "types",
      cell: (item) => (Array.isArray(item["types"]) ? item["types"].join(" ") : "*"),
    },
    { title: "state", cell: stateText },
    { title: "position", align: "right", cell: (item) => text(item, "position") },
    { title: "lag", align: "right", cell: (item) => text(item, "lag") },
    { title: "reason", cell: (item) => text(item, "reason") },
  ],
}

const name = Args.text({ name: "name" })

/** `now`, `earliest`, a sequence or a time, as the server takes it. */
const startAtOf = (value: string): unknown => {
  if (value === "now" || value === "earliest") return value
  return /^\d+$/.test(value) ? { sequence: value } : { time: value }
}

const put = Command.make(
  "put",
  {
    namespace: namespaceArg,
    name,
    sink: Options.text("sink").pipe(
      Options.withDescription("The sink that gets the events"),
      Options.optional,
    ),
    type: Options.text("type").pipe(
      Options.withDescription("A type pattern, such as booking.*; may be repeated [default: *]"),
      Options.repeated,
    ),
    filter: Options.text("filter").pipe(
      Options.withDescription(
        'A content filter as JSON, such as {"cel":"event.data.total > 100"}, @file or -; ' +
          "may be repeated, and all must hold",
      ),
      Options.repeated,
    ),
    transform: Options.text("transform").pipe(
      Options.withDescription(
        'What is delivered instead, as JSON, such as {"type":"\'order.large\'"}, @file or -',
      ),
      Options.optional,
    ),
    startAt: Options.text("start-at").pipe(
      Options.withDescription("now (the default), earliest, a sequence or a time (RFC 3339)"),
      Options.optional,
    ),
    ordering: Options.text("ordering").pipe(
      Options.withDescription("none (the default), key or strict"),
      Options.optional,
    ),
    concurrency: Options.integer("concurrency").pipe(
      Options.withDescription("Deliveries in flight at once"),
      Options.optional,
    ),
    rateLimit: Options.text("rate-limit").pipe(
      Options.withDescription('Deliveries that may start, such as 100/s or "600/m burst 10"'),
      Options.optional,
    ),
    audit: Options.text("audit").pipe(
      Options.withDescription(
        "Which attempts are kept: failures (the default: those that failed, and what followed) or all",
      ),
      Options.optional,
    ),
    batchEvents: Options.integer("batch-events").pipe(
      Options.withDescription("Events in a request of a sink in batch mode [default: 100]"),
      Options.optional,
    ),
    batchBytes: Options.text("batch-bytes").pipe(
      Options.withDescription("Likewise in bytes, such as 256KiB [default: 1MiB]"),
      Options.optional,
    ),
    batchWait: Options.text("batch-wait").pipe(
      Options.withDescription(
        "How long a batch may wait to be filled, such as 200ms [default: 0s]",
      ),
      Options.optional,
    ),
    spec: Options.text("spec").pipe(
      Options.withDescription("The whole subscription as JSON, @file or -"),
      Options.optional,
    ),
    ...clientOptions,
  },
  (flags) =>
    withClient(flags, (api) =>
      Effect.gen(function* () {
        const spec = Option.isNone(flags.spec) ? {} : yield* objectInput(flags.spec.value, "--spec")
        const batch = {
          ...given("maxEvents", flags.batchEvents),
          ...given("maxBytes", flags.batchBytes),
          ...given("maxWait", flags.batchWait),
        }
        const filters = yield* Effect.forEach(flags.filter, (text) => objectInput(text, "--filter"))
        const transform = yield* Effect.transposeOption(
          Option.map(flags.transform, (text) => objectInput(text, "--transform")),
        )
        const body: Item = {
          ...spec,
          ...given("sink", flags.sink),
          ...(flags.type.length === 0 ? {} : { types: flags.type }),
          ...(filters.length === 0 ? {} : { filters }),
          ...given("transform", transform),
          ...given("startAt", Option.map(flags.startAt, startAtOf)),
          ...given("ordering", flags.ordering),
          ...given("concurrency", flags.concurrency),
          ...given("rateLimit", flags.rateLimit),
          ...given("audit", flags.audit),
          ...(Object.keys(batch).length === 0
            ? {}
            : { batch: { ...itemOf(spec["batch"]), ...batch } }),
        }
        const path = pathIn(flags.namespace, "subscriptions", flags.name)
        yield* showRequest(flags, api, "PUT", path, { body })
      }),
    ),
).pipe(Command.withDescription("Create a subscription or replace its settings"))

const switchCommand = (verb: "pause" | "resume", description: string) =>
  Command.make(verb, { namespace: namespaceArg, name, ...clientOptions }, (flags) =>
    withClient(flags, (api) =>
      showRequest(flags, api, "POST", pathIn(flags.namespace, "subscriptions", flags.name, verb)),
    ),
  ).pipe(Command.withDescription(description))

export const subscriptionsCommand = Command.make("subscriptions").pipe(
  Command.withDescription("Subscriptions: which events go to which sink"),
  Command.withSubcommands([
    listInCommand(subscriptions),
    put,
    getInCommand(subscriptions),
    removeInCommand(subscriptions),
    switchCommand("pause", "Stop delivering; the position stays"),
    switchCommand("resume", "Deliver from the position on"),
    replayCommand,
    replaysCommand,
    cancelReplayCommand,
  ]),
)
