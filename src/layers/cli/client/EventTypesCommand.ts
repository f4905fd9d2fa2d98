// eventloom event-types: what events of a type carry, for a namespace or for all of a host type.

import { Args, Command, Options } from "@effect/cli"
import { Effect, Option } from "effect"
import { listAll } from "./ApiClient.js"
import { clientOptions, withClient } from "./ClientCommand.js"
import { given, type Item, text } from "./Fields.js"
import { jsonInput } from "./JsonInput.js"
import { deleteAndTell, type FieldColumn, showList, showRequest } from "./ResourceCommands.js"

const owner = {
  owner: Args.text({ name: "namespace" }),
  hostType: Options.boolean("host-type").pipe(
    Options.withDescription("It is a host type, whose namespaces inherit the type"),
  ),
}
const type = Args.text({ name: "type" })

interface Owned {
  readonly owner: string
  readonly hostType: boolean
}

const pathOf = ({ hostType, owner }: Owned, ...rest: ReadonlyArray<string>) => [
  "v1",
  hostType ? "host-types" : "namespaces",
  owner,
  "event-types",
  ...rest,
]

const columns: ReadonlyArray<FieldColumn> = [
  { title: "type", cell: (item, paint) => paint.bold(text(item, "type")) },
  { title: "schema", cell: (item) => (item["schema"] === undefined ? "" : "yes") },
  { title: "inherited from", cell: (item) => text(item, "inheritedFrom") },
  { title: "description", cell: (item) => text(item, "description") },
]

const list = Command.make("list", { ...owner, ...clientOptions }, (flags) =>
  withClient(flags, (api) =>
    Effect.flatMap(listAll(api, pathOf(flags), "eventTypes"), (answer) =>
      showList(flags, answer, "eventTypes", columns),
    ),
  ),
).pipe(Command.withDescription("List the event types of a namespace, those inherited too"))

const get = Command.make("get", { ...owner, type, ...clientOptions }, (flags) =>
  withClient(flags, (api) => showRequest(flags, api, "GET", pathOf(flags, flags.type))),
).pipe(Command.withDescription("Show an event type"))

const json = (option: string, stated: Option.Option<string>) =>
  Effect.map(
    Effect.transposeMapOption(stated, (value) => jsonInput(value, `--${option}`)),
    Option.match({ onNone: () => ({}), onSome: (value): Item => ({ [option]: value }) }),
  )

const put = Command.make(
  "put",
  {
    ...owner,
    type,
    schema: Options.text("schema").pipe(
      Options.withDescription("The JSON Schema of the data, as JSON, @file or -"),
      Options.optional,
    ),
    example: Options.text("example").pipe(
      Options.withDescription("Data that matches it, as JSON, @file or -"),
      Options.optional,
    ),
    description: Options.text("description").pipe(
      Options.withDescription("What such an event means"),
      Options.optional,
    ),
    ...clientOptions,
  },
  (flags) =>
    withClient(flags, (api) =>
      Effect.gen(function* () {
        const body: Item = {
          ...(yield* json("schema", flags.schema)),
          ...(yield* json("example", flags.example)),
          ...given("description", flags.description),
        }
        yield* showRequest(flags, api, "PUT", pathOf(flags, flags.type), { body })
      }),
    ),
).pipe(Command.withDescription("Register an event type, or replace what it is registered with"))

const remove = Command.make("remove", { ...owner, type, ...clientOptions }, (flags) =>
  withClient(flags, (api) =>
    deleteAndTell(flags, api, pathOf(flags, flags.type), `event type ${flags.type}`),
  ),
).pipe(Command.withDescription("Remove an event type"))

export const eventTypesCommand = Command.make("event-types").pipe(
  Command.withDescription("Event types: what events of a type carry"),
  Command.withSubcommands([list, put, get, remove]),
)
