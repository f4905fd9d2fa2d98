// eventloom namespaces: registered, switched off and on, and removed whole.

import { Args, Command, Options } from "@effect/cli"
import { Duration, Effect, Either, Option, Schema } from "effect"
import { parseDuration } from "../../../domain/index.js"
import { CommandFailed, UsageError } from "../CliErrors.js"
import { plain } from "../screen/Paint.js"
import { type ApiClientShape, decodeAnswer } from "./ApiClient.js"
import { type ClientFlags, clientOptions, show, withClient } from "./ClientCommand.js"
import { text } from "./Fields.js"
import { removalText } from "./RemovalText.js"
import { getCommand, listCommand, showRequest, type TopLevelResource } from "./ResourceCommands.js"
import { settingsOf, settingsOptions } from "./SettingsFlags.js"

const namespaces: TopLevelResource = {
  segment: "namespaces",
  plural: "namespaces",
  noun: "namespace",
  columns: [
    { title: "name", cell: (item, paint) => paint.bold(text(item, "name")) },
    {
      title: "status",
      cell: (item, paint) =>
        item["status"] === "enabled" ? paint.green("enabled") : paint.yellow(text(item, "status")),
    },
    { title: "host type", cell: (item) => text(item, "hostType") },
    { title: "created", cell: (item) => text(item, "createdAt") },
  ],
}

const name = Args.text({ name: "name" })

const add = Command.make(
  "add",
  {
    name,
    hostType: Options.text("host-type").pipe(
      Options.withDescription("The host type it inherits from"),
      Options.optional,
    ),
    ...settingsOptions,
    ...clientOptions,
  },
  (flags) =>
    withClient(flags, (api) =>
      Effect.flatMap(settingsOf(flags), (settings) =>
        showRequest(flags, api, "PUT", ["v1", "namespaces", flags.name], {
          body: {
            ...settings,
            ...Option.match(flags.hostType, {
              onNone: () => ({}),
              onSome: (hostType) => ({ hostType }),
            }),
          },
        }),
      ),
    ),
).pipe(Command.withDescription("Create a namespace or replace its settings"))

const statusCommand = (verb: "enable" | "disable", description: string) =>
  Command.make(verb, { name, ...clientOptions }, (flags) =>
    withClient(flags, (api) =>
      showRequest(flags, api, "PATCH", ["v1", "namespaces", flags.name], {
        body: { status: `${verb}d` },
      }),
    ),
  ).pipe(Command.withDescription(description))

const Removal = Schema.Struct({
  namespace: Schema.String,
  status: Schema.optional(Schema.String),
  steps: Schema.Array(
    Schema.Struct({
      step: Schema.String,
      outcome: Schema.String,
      rows: Schema.Number,
      durationMs: Schema.Number,
      retried: Schema.optional(Schema.Number),
      reason: Schema.optional(Schema.String),
    }),
  ),
  inFlight: Schema.Struct({ completed: Schema.Number, abandoned: Schema.Number }),
})

const remove = Command.make(
  "remove",
  {
    name,
    wait: Options.text("wait").pipe(
      Options.withDescription("Wait this long for its end, such as 30s, and show the report"),
      Options.optional,
    ),
    ...clientOptions,
  },
  (flags) => withClient(flags, (api) => removeNamespace(api, flags)),
).pipe(Command.withDescription("Remove a namespace and everything in it"))

/** The server answers at the end of the wait at the latest. */
const afterWait = Duration.seconds(15)

const removeNamespace = (
  api: ApiClientShape,
  flags: ClientFlags & { readonly name: string; readonly wait: Option.Option<string> },
) =>
  Effect.gen(function* () {
    const wait = Option.getOrUndefined(flags.wait)
    const duration = yield* wait === undefined
      ? Effect.succeed(Duration.zero)
      : Either.mapLeft(
          parseDuration(wait),
          ({ message }) => new UsageError({ reason: `--wait: ${message}` }),
        )
    const answer = yield* api.request("DELETE", ["v1", "namespaces", flags.name], {
      query: { wait },
      timeout: Duration.sum(duration, afterWait),
    })
    const removal = yield* decodeAnswer(Removal)(answer)
    const ended = removal.status !== "removing"
    yield* show(flags, answer, (paint) =>
      Effect.succeed(
        wait === undefined
          ? [`${paint.bold(plain(removal.namespace))} is being removed.`]
          : [
              ended
                ? `${paint.bold(plain(removal.namespace))} is ${paint.green("removed")}.`
                : `${paint.bold(plain(removal.namespace))} is ${paint.yellow("still being removed")}.`,
              ...removalText(removal, paint),
            ],
      ),
    )
    if (wait !== undefined && !ended) {
      return yield* new CommandFailed({
        reason: `The removal has not ended within ${wait}; it goes on.`,
      })
    }
  })

export const namespacesCommand = Command.make("namespaces").pipe(
  Command.withDescription("Namespaces: tenants that come and go"),
  Command.withSubcommands([
    listCommand(namespaces),
    add,
    getCommand(namespaces),
    statusCommand("disable", "Take no more events for a namespace, and deliver none"),
    statusCommand("enable", "Take events for a namespace again"),
    remove,
  ]),
)
