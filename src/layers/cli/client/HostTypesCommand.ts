// eventloom host-types: the defaults that namespaces inherit.

import { Args, Command, Options } from "@effect/cli"
import { Effect, Option } from "effect"
import { clientOptions, withClient } from "./ClientCommand.js"
import { text } from "./Fields.js"
import { objectInput } from "./JsonInput.js"
import {
  deleteAndTell,
  getCommand,
  listCommand,
  showRequest,
  type TopLevelResource,
} from "./ResourceCommands.js"

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

/** Settings of a namespace or host type, as JSON. */
export const settingsOption = Options.text("settings").pipe(
  Options.withDescription(
    'Settings as JSON, @file or -: {"retry", "retentionAge", "maxEventBytes", "webhookUrl", ...}',
  ),
  Options.optional,
)

export const settingsOf = (settings: Option.Option<string>) =>
  Option.match(settings, {
    onNone: () => Effect.succeed({}),
    onSome: (given) => objectInput(given, "--settings"),
  })

const put = Command.make("put", { name, settings: settingsOption, ...clientOptions }, (flags) =>
  withClient(flags, (api) =>
    Effect.flatMap(settingsOf(flags.settings), (body) =>
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
