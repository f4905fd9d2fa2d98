// eventloom explain: what became of an event, subscription by subscription.

import { Args, Command, Options } from "@effect/cli"
import { Effect, Option } from "effect"
import type { Paint } from "../screen/Paint.js"
import { listAll } from "./ApiClient.js"
import { clientOptions, withClient } from "./ClientCommand.js"
import { type Item, itemsOf, text } from "./Fields.js"
import { type FieldColumn, namespaceArg, pathIn, showList } from "./ResourceCommands.js"

const statusText = (item: Item, paint: Paint): string => {
  const status = text(item, "status")
  switch (status) {
    case "delivered":
      return paint.green(status)
    case "dead-lettered":
    case "discarded":
      return paint.red(status)
    case "waiting":
      return paint.yellow(status)
    default:
      return paint.dim(status)
  }
}

const columns: ReadonlyArray<FieldColumn> = [
  { title: "subscription", cell: (item, paint) => paint.bold(text(item, "subscription")) },
  { title: "sink", cell: (item) => text(item, "sink") },
  { title: "status", cell: statusText },
  {
    title: "attempts kept",
    align: "right",
    cell: (item) => String(itemsOf(item["attempts"]).length),
  },
  { title: "what happened", cell: (item) => text(item, "text") },
]

export const explainCommand = Command.make(
  "explain",
  {
    namespace: namespaceArg,
    sequence: Args.text({ name: "sequence" }),
    subscription: Options.text("subscription").pipe(
      Options.withDescription("For this subscription only"),
      Options.optional,
    ),
    ...clientOptions,
  },
  (flags) =>
    withClient(flags, (api) =>
      Effect.flatMap(
        listAll(
          api,
          pathIn(flags.namespace, "events", flags.sequence, "deliveries"),
          "deliveries",
          { subscription: Option.getOrUndefined(flags.subscription) },
        ),
        (answer) => showList(flags, answer, "deliveries", columns),
      ),
    ),
).pipe(Command.withDescription("Tell what became of an event, and why"))
