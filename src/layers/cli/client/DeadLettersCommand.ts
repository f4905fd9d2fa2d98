// eventloom dead-letters: deliveries that were given up on.

import { Args, Command, Options } from "@effect/cli"
import { Effect, Option, Schema } from "effect"
import { count } from "../screen/Table.js"
import { type ApiClientShape, decodeAnswer, listAll } from "./ApiClient.js"
import { type ClientFlags, clientOptions, show, withClient } from "./ClientCommand.js"
import { text } from "./Fields.js"
import {
  deleteAndTell,
  type FieldColumn,
  namespaceArg,
  pathIn,
  showList,
  showRequest,
} from "./ResourceCommands.js"

const id = Args.text({ name: "id" })

const filterOptions = {
  subscription: Options.text("subscription").pipe(
    Options.withDescription("Of this subscription only"),
    Options.optional,
  ),
  reason: Options.choice("reason", [
    "attempts-exhausted",
    "rejected",
    "parked-too-long",
    "filter-failed",
    "transform-failed",
  ]).pipe(Options.withDescription("Given up on for this reason only"), Options.optional),
  since: Options.text("since").pipe(
    Options.withDescription("Given up on at or after this time (RFC 3339)"),
    Options.optional,
  ),
  before: Options.text("before").pipe(
    Options.withDescription("Given up on before this time (RFC 3339)"),
    Options.optional,
  ),
}

interface FilterFlags {
  readonly subscription: Option.Option<string>
  readonly reason: Option.Option<string>
  readonly since: Option.Option<string>
  readonly before: Option.Option<string>
}

const filterOf = ({ subscription, reason, since, before }: FilterFlags) => ({
  subscription: Option.getOrUndefined(subscription),
  reason: Option.getOrUndefined(reason),
  since: Option.getOrUndefined(since),
  before: Option.getOrUndefined(before),
})

const columns: ReadonlyArray<FieldColumn> = [
  { title: "id", cell: (item, paint) => paint.bold(text(item, "id")) },
  { title: "subscription", cell: (item) => text(item, "subscription") },
  { title: "sequence", align: "right", cell: (item) => text(item, "sequence") },
  { title: "attempts", align: "right", cell: (item) => text(item, "attempts") },
  { title: "dead at", cell: (item) => text(item, "deadAt") },
  { title: "why", cell: (item) => text(item, "detail") },
]

const list = Command.make(
  "list",
  { namespace: namespaceArg, ...filterOptions, ...clientOptions },
  (flags) =>
    withClient(flags, (api) =>
      Effect.flatMap(
        listAll(api, pathIn(flags.namespace, "dead-letters"), "deadLetters", filterOf(flags)),
        (answer) => showList(flags, answer, "deadLetters", columns),
      ),
    ),
).pipe(Command.withDescription("List the dead letters of a namespace"))

const showCommand = Command.make(
  "show",
  { namespace: namespaceArg, id, ...clientOptions },
  (flags) =>
    withClient(flags, (api) =>
      showRequest(flags, api, "GET", pathIn(flags.namespace, "dead-letters", flags.id)),
    ),
).pipe(Command.withDescription("Show a dead letter with its event"))

const Turn = Schema.Struct({
  redelivered: Schema.Number,
  skipped: Schema.Number,
  next: Schema.NullishOr(Schema.String),
})

/** Turn after turn until there are no more. */
const redeliverAll = (api: ApiClientShape, flags: ClientFlags & FilterFlags, namespace: string) =>
  Effect.gen(function* () {
    let [redelivered, skipped] = [0, 0]
    let after: string | undefined
    do {
      const answer = yield* api.request("POST", pathIn(namespace, "dead-letters", "redeliver"), {
        body: { ...filterOf(flags), after },
      })
      const turn = yield* decodeAnswer(Turn)(answer)
      redelivered += turn.redelivered
      skipped += turn.skipped
      after = turn.next ?? undefined
    } while (after !== undefined)
    yield* show(flags, { redelivered, skipped }, () =>
      Effect.succeed([
        `${count(redelivered)} are tried again.`,
        ...(skipped === 0 ? [] : [`${count(skipped)} cannot be now, and stay.`]),
      ]),
    )
  })

const redeliver = Command.make(
  "redeliver",
  { namespace: namespaceArg, id: Args.optional(id), ...filterOptions, ...clientOptions },
  (flags) =>
    withClient(flags, (api) =>
      Option.match(flags.id, {
        onNone: () => redeliverAll(api, flags, flags.namespace),
        onSome: (letter) =>
          Effect.flatMap(
            api.request("POST", pathIn(flags.namespace, "dead-letters", letter, "redeliver")),
            (answer) => show(flags, answer, () => Effect.succeed([`${letter} is tried again.`])),
          ),
      }),
    ),
).pipe(Command.withDescription("Try a dead letter again, or all that the options leave"))

const discard = Command.make(
  "discard",
  { namespace: namespaceArg, id, ...clientOptions },
  (flags) =>
    withClient(flags, (api) =>
      deleteAndTell(
        flags,
        api,
        pathIn(flags.namespace, "dead-letters", flags.id),
        `dead letter ${flags.id}`,
      ),
    ),
).pipe(Command.withDescription("Forget a dead letter and its event"))

export const deadLettersCommand = Command.make("dead-letters").pipe(
  Command.withDescription("Dead letters: deliveries that were given up on"),
  Command.withSubcommands([list, showCommand, redeliver, discard]),
)
