// eventloom sources: what brings events in from outside.

import { Args, Command, Options } from "@effect/cli"
import { Effect } from "effect"
import type { Paint } from "../screen/Paint.js"
import { clientOptions, withClient } from "./ClientCommand.js"
import { type Item, itemsOf, text } from "./Fields.js"
import { objectInput } from "./JsonInput.js"
import {
  deleteAndTell,
  getCommand,
  listCommand,
  showRequest,
  type TopLevelResource,
} from "./ResourceCommands.js"
import { fractionOf, snapshotCommand } from "./SnapshotCommand.js"

const stateText = (item: Item, paint: Paint): string => {
  const state = text(item, "state")
  if (state === "streaming") return paint.green(state)
  return state === "blocked" ? paint.red(state) : paint.dim(state)
}

/** The tables that are being told whole: how many, and how far the first that is read is. */
const snapshotText = (item: Item, paint: Paint): string => {
  const all = itemsOf(item["snapshots"])
  const failed = all.filter((one) => text(one, "state") === "failed").length
  if (failed > 0) return paint.red(`${failed} failed`)
  const left = all.filter((one) => text(one, "state") !== "done")
  const reading = left.find((one) => text(one, "state") === "reading")
  const fraction = reading === undefined ? undefined : fractionOf(reading)
  const percent = fraction === undefined ? "" : `, ${Math.floor(fraction * 100)}%`
  return left.length === 0 ? "" : `${all.length - left.length}/${all.length}${percent}`
}

const sources: TopLevelResource = {
  segment: "sources",
  plural: "sources",
  noun: "source",
  columns: [
    { title: "name", cell: (item, paint) => paint.bold(text(item, "name")) },
    { title: "kind", cell: (item) => text(item, "kind") },
    { title: "server", cell: (item) => text(item, "server") },
    { title: "slot", cell: (item) => text(item, "slot") },
    { title: "state", cell: stateText },
    { title: "position", cell: (item) => text(item, "position") },
    { title: "snapshots", cell: snapshotText },
    { title: "lag", align: "right", cell: (item) => text(item, "lag") },
  ],
}

const name = Args.text({ name: "name" })

const put = Command.make(
  "put",
  {
    name,
    spec: Options.text("spec").pipe(
      Options.withDescription(
        'The source as JSON, @file or -: {"kind": "wal", "databaseUrl", "slot", "publication", "namespace", ...}',
      ),
    ),
    ...clientOptions,
  },
  (flags) =>
    withClient(flags, (api) =>
      Effect.flatMap(objectInput(flags.spec, "--spec"), (body) =>
        showRequest(flags, api, "PUT", ["v1", "sources", flags.name], { body }),
      ),
    ),
).pipe(Command.withDescription("Create a source, or start it anew with other options"))

const remove = Command.make("remove", { name, ...clientOptions }, (flags) =>
  withClient(flags, (api) =>
    deleteAndTell(flags, api, ["v1", "sources", flags.name], `source ${flags.name}`),
  ),
).pipe(Command.withDescription("Stop a source and drop the slot that was created for it"))

export const sourcesCommand = Command.make("sources").pipe(
  Command.withDescription("Sources: what brings events in from outside"),
  Command.withSubcommands([
    listCommand(sources),
    put,
    getCommand(sources),
    snapshotCommand,
    remove,
  ]),
)
