// eventloom sinks: where events go.

import { Args, Command, Options } from "@effect/cli"
import { Effect, HashMap, Option } from "effect"
import { UsageError } from "../CliErrors.js"
import type { Paint } from "../screen/Paint.js"
import { clientOptions, withClient } from "./ClientCommand.js"
import { given, type Item, text } from "./Fields.js"
import { objectInput, textInput } from "./JsonInput.js"
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
  if (state === "connected") return paint.green(state)
  return state === "parked" || state === "misconfigured" ? paint.red(state) : paint.dim(state)
}

const sinks: NamespacedResource = {
  segment: "sinks",
  noun: "sink",
  columns: [
    { title: "name", cell: (item, paint) => paint.bold(text(item, "name")) },
    { title: "kind", cell: (item) => text(item, "kind") },
    { title: "state", cell: stateText },
    { title: "url", cell: (item) => text(item, "url") },
    { title: "concurrency", align: "right", cell: (item) => text(item, "concurrency") },
    { title: "secret", cell: (item) => (item["hasSecret"] === true ? "yes" : "") },
  ],
}

const optionalText = (name: string, description: string) =>
  Options.text(name).pipe(Options.withDescription(description), Options.optional)

const put = Command.make(
  "put",
  {
    namespace: namespaceArg,
    name: Args.text({ name: "name" }),
    kind: optionalText("kind", 'Its transport, such as "webhook" (the default) or "stdout"'),
    to: optionalText("to", "The URL that a webhook posts to"),
    secret: optionalText(
      "secret",
      "What it signs with: whsec_..., @file or - [default: generated]",
    ),
    mode: optionalText("mode", "structured, binary or batch"),
    handshake: Options.boolean("handshake").pipe(
      Options.withDescription("Ask the endpoint for its consent first, and keep to its rate"),
    ),
    signature: optionalText("signature", "v1 (a secret, the default), v1a (a key pair) or both"),
    timeout: optionalText("timeout", "How long an attempt may take, such as 15s"),
    header: Options.keyValueMap("header").pipe(
      Options.withDescription("A header of each request, name=value; may be repeated"),
      Options.optional,
    ),
    concurrency: Options.integer("concurrency").pipe(
      Options.withDescription("Deliveries in flight at once"),
      Options.optional,
    ),
    spec: optionalText("spec", "All options of the sink as JSON, @file or -"),
    ...clientOptions,
  },
  (flags) =>
    withClient(flags, (api) =>
      Effect.gen(function* () {
        const spec = Option.isNone(flags.spec) ? {} : yield* objectInput(flags.spec.value, "--spec")
        const secret = yield* secretOf(flags.secret)
        const body: Item = {
          kind: "webhook",
          ...spec,
          ...given("kind", flags.kind),
          ...given("url", flags.to),
          ...given("mode", flags.mode),
          ...(flags.handshake ? { handshake: true } : {}),
          ...given("signature", flags.signature),
          ...given("timeout", flags.timeout),
          ...given("concurrency", flags.concurrency),
          ...given(
            "headers",
            Option.map(flags.header, (header) => Object.fromEntries(HashMap.toEntries(header))),
          ),
          ...secret,
        }
        yield* showRequest(flags, api, "PUT", pathIn(flags.namespace, "sinks", flags.name), {
          body,
        })
      }),
    ),
).pipe(Command.withDescription("Create a sink or replace its options"))

const secretOf = (option: Option.Option<string>) =>
  Option.match(option, {
    onNone: () => Effect.succeed({}),
    onSome: (input) =>
      Effect.flatMap(textInput(input), (text) => {
        const secret = text.trim()
        return secret === ""
          ? new UsageError({ reason: "--secret is empty" })
          : Effect.succeed({ secret })
      }),
  })

const rotateSecret = Command.make(
  "rotate-secret",
  {
    namespace: namespaceArg,
    name: Args.text({ name: "name" }),
    secret: optionalText("secret", "The new one: whsec_..., @file or - [default: generated]"),
    overlap: optionalText(
      "overlap",
      "How long the secret before signs as well, such as 1h [default: 24h]; 0s ends it at once",
    ),
    ...clientOptions,
  },
  (flags) =>
    withClient(flags, (api) =>
      Effect.flatMap(secretOf(flags.secret), (secret) =>
        showRequest(
          flags,
          api,
          "POST",
          pathIn(flags.namespace, "sinks", flags.name, "rotate-secret"),
          { body: { ...secret, ...given("overlap", flags.overlap) } },
        ),
      ),
    ),
).pipe(
  Command.withDescription(
    "Replace the secret that a sink signs with; the one before signs on for a while",
  ),
)

export const sinksCommand = Command.make("sinks").pipe(
  Command.withDescription("Sinks: where events go"),
  Command.withSubcommands([
    listInCommand(sinks),
    put,
    getInCommand(sinks),
    rotateSecret,
    removeInCommand(sinks),
  ]),
)
