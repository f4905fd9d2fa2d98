// eventloom audit: who changed what.

import { Args, Command, Options } from "@effect/cli"
import { Effect, Option } from "effect"
import { listAll } from "./ApiClient.js"
import { clientOptions, withClient } from "./ClientCommand.js"
import { itemOf, text } from "./Fields.js"
import { type FieldColumn, pathIn, showList } from "./ResourceCommands.js"

const columns: ReadonlyArray<FieldColumn> = [
  { title: "at", cell: (item) => text(item, "at") },
  {
    title: "by",
    cell: (item) => {
      const by = itemOf(item["by"])
      return [text(by, "kind"), text(by, "name") || text(by, "id")].filter(Boolean).join(" ")
    },
  },
  { title: "action", cell: (item, paint) => paint.bold(text(item, "action")) },
  { title: "on", cell: (item) => text(itemOf(item["resource"]), "name") },
  {
    title: "fields",
    cell: (item) => {
      if (Array.isArray(item["fields"])) return item["fields"].map(String).join(" ")
      const counts = itemOf(item["counts"])
      return Object.keys(counts)
        .map((name) => `${name}=${text(counts, name)}`)
        .join(" ")
    },
  },
]

export const auditCommand = Command.make(
  "audit",
  {
    namespace: Args.text({ name: "namespace" }).pipe(
      Args.withDescription("Whose log; without one, the operator's"),
      Args.optional,
    ),
    after: Options.text("after").pipe(
      Options.withDescription("Only what came after the entry of this id"),
      Options.optional,
    ),
    ...clientOptions,
  },
  (flags) => {
    const path = Option.match(flags.namespace, {
      onNone: () => ["v1", "audit"],
      onSome: (namespace) => pathIn(namespace, "audit"),
    })
    return withClient(flags, (api) =>
      Effect.flatMap(
        listAll(api, path, "entries", {}, Option.getOrUndefined(flags.after)),
        (answer) => showList(flags, answer, "entries", columns),
      ),
    )
  },
).pipe(Command.withDescription("Show who changed what, the oldest first"))
