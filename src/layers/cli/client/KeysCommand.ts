// eventloom keys: who may do what in a namespace; and eventloom whoami.

import { Args, Command, Options } from "@effect/cli"
import { Clock, Duration, Effect, Either, Option } from "effect"
import { parseDuration } from "../../../domain/index.js"
import { UsageError } from "../CliErrors.js"
import { pairs } from "../screen/Table.js"
import { listAll } from "./ApiClient.js"
import { clientOptions, show, withClient } from "./ClientCommand.js"
import { fieldsOf, text } from "./Fields.js"
import {
  deleteAndTell,
  type FieldColumn,
  namespaceArg,
  pathIn,
  showList,
  showRequest,
} from "./ResourceCommands.js"

const id = Args.text({ name: "id" })

const columns: ReadonlyArray<FieldColumn> = [
  { title: "id", cell: (item, paint) => paint.bold(text(item, "id")) },
  { title: "name", cell: (item) => text(item, "name") },
  { title: "scopes", cell: (item) => scopesOf(item["scopes"]) },
  { title: "created", cell: (item) => text(item, "createdAt") },
  { title: "expires", cell: (item) => text(item, "expiresAt") },
  { title: "last used", cell: (item) => text(item, "lastUsedAt") },
]

const scopesOf = (scopes: unknown): string =>
  Array.isArray(scopes) ? scopes.map(String).join(" ") : ""

/** A time is taken as it is; a duration counts from now. */
const expiryOf = (stated: Option.Option<string>): Effect.Effect<string | undefined, UsageError> =>
  Effect.gen(function* () {
    const given = Option.getOrUndefined(stated)
    if (given === undefined || /^\d{4}-/.test(given)) return given
    const duration = yield* Either.mapLeft(
      parseDuration(given),
      ({ message }) => new UsageError({ reason: `--expires: ${message}` }),
    )
    const now = yield* Clock.currentTimeMillis
    return new Date(now + Duration.toMillis(duration)).toISOString()
  })

const create = Command.make(
  "create",
  {
    namespace: namespaceArg,
    scopes: Options.choice("scope", ["publish", "read", "manage"]).pipe(
      Options.withDescription("What it is good for; may be given several times"),
      Options.atLeast(1),
    ),
    name: Options.text("name").pipe(
      Options.withDescription("A name for people, such as checkout"),
      Options.optional,
    ),
    expires: Options.text("expires").pipe(
      Options.withDescription("A time (RFC 3339), or a duration from now on such as 90d"),
      Options.optional,
    ),
    ...clientOptions,
  },
  (flags) =>
    withClient(flags, (api) =>
      Effect.gen(function* () {
        const expiresAt = yield* expiryOf(flags.expires)
        const answer = yield* api.request("POST", pathIn(flags.namespace, "keys"), {
          body: { name: Option.getOrUndefined(flags.name), scopes: flags.scopes, expiresAt },
        })
        yield* show(flags, answer, (paint) =>
          Effect.succeed([
            ...pairs(fieldsOf(answer), paint),
            paint.yellow("Keep the key: it is not shown again."),
          ]),
        )
      }),
    ),
).pipe(Command.withDescription("Make a key, and show it once"))

const list = Command.make("list", { namespace: namespaceArg, ...clientOptions }, (flags) =>
  withClient(flags, (api) =>
    Effect.flatMap(listAll(api, pathIn(flags.namespace, "keys"), "keys"), (answer) =>
      showList(flags, answer, "keys", columns),
    ),
  ),
).pipe(Command.withDescription("List the keys of a namespace"))

const get = Command.make("get", { namespace: namespaceArg, id, ...clientOptions }, (flags) =>
  withClient(flags, (api) =>
    showRequest(flags, api, "GET", pathIn(flags.namespace, "keys", flags.id)),
  ),
).pipe(Command.withDescription("Show a key, without its secret"))

const revoke = Command.make("revoke", { namespace: namespaceArg, id, ...clientOptions }, (flags) =>
  withClient(flags, (api) =>
    deleteAndTell(flags, api, pathIn(flags.namespace, "keys", flags.id), `key ${flags.id}`),
  ),
).pipe(Command.withDescription("Refuse a key from now on"))

export const keysCommand = Command.make("keys").pipe(
  Command.withDescription("Keys: who may publish, read and manage in a namespace"),
  Command.withSubcommands([list, create, get, revoke]),
)

export const whoAmICommand = Command.make("whoami", clientOptions, (flags) =>
  withClient(flags, (api) => showRequest(flags, api, "GET", ["v1", "whoami"])),
).pipe(Command.withDescription("Who the token says one is"))
