// eventloom host-types: the defaults that namespaces inherit.

import { Args, Command } from "@effect/cli"
import { Effect } from "effect"
import { clientOptions, withClient } from "./ClientCommand.js"
import { text } from "./Fields.js"
import {
  deleteAndTell,
  getCommand,
  listCommand,
  showRequest,
  type TopLevelResource,
} from "./ResourceCommands.js"
import { settingsOf, settingsOptions } from "./SettingsFlags.js"

const hostTypes: TopLevelResource = {
  segment: "host-types",
  plural: "hostTypes",
  noun: "host type",
  columns: [
    { title: "name", cell: (item, paint) => paint.bold(text(item, "name")) },
    { title: "created", cell: (item) => text(item, "createdAt") },
    { title: "updated", cell: (item) => text(item, "updatedAt") },
  ],
}

const name = Args.text({ name: "name" })

const put = Command.make("put", { name, ...settingsOptions, ...clientOptions }, (flags) =>
  withClient(flags, (api) =>
    Effect.flatMap(settingsOf(flags), (body) =>
      showRequest(flags, api, "PUT", ["v1", "host-types", flags.name], { body }),
    ),
  ),
).pipe(Command.withDescription("Create a host type or replace its settings"))

const remove = Command.make("remove", { name, ...clientOptions }, (flags) =>
  withClient(flags, (api) =>
    deleteAndTell(flags, api, ["v1", "host-types", flags.name], `host type ${flags.name}`),
  ),
).pipe(Command.withDescription("Remove a host type that no namespace uses"))

export const hostTypesCommand = Command.make("host-types").pipe(
  Command.withDescription("Host types: the defaults that namespaces inherit"),
  Command.withSubcommands([listCommand(hostTypes), put, getCommand(hostTypes), remove]),
)
