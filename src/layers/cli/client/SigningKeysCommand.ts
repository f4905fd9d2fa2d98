// eventloom signing-keys: what receivers verify webhooks with that are signed by a key pair.

import { Command, Options } from "@effect/cli"
import { Effect } from "effect"
import { clientOptions, show, withClient } from "./ClientCommand.js"
import { given, itemOf, itemsOf, text } from "./Fields.js"
import { namespaceArg, pathIn } from "./ResourceCommands.js"

import { table } from "../screen/Table.js"
import type { Paint } from "../screen/Paint.js"

const columns = [
  { title: "public key" },
  { title: "kid" },
  { title: "created" },
  { title: "until" },
]

const lines = (answer: unknown, paint: Paint): ReadonlyArray<string> => {
  const keys = itemsOf(itemOf(answer)["keys"])
  if (keys.length === 0) return [paint.dim("There are none.")]
  const rows = keys.map((key) =>
    ["publicKey", "kid", "createdAt", "until"].map((field) => text(key, field)),
  )
  return [...table(columns, rows, paint), "", `Published at ${text(itemOf(answer), "jwks")}`]
}

const list = Command.make("list", { namespace: namespaceArg, ...clientOptions }, (flags) =>
  withClient(flags, (api) =>
    Effect.flatMap(api.request("GET", pathIn(flags.namespace, "signing-keys")), (answer) =>
      show(flags, answer, (paint) => Effect.succeed(lines(answer, paint))),
    ),
  ),
).pipe(Command.withDescription("List the public keys of a namespace"))

const rotate = Command.make(
  "rotate",
  {
    namespace: namespaceArg,
    overlap: Options.text("overlap").pipe(
      Options.withDescription("How long the key before signs as well, such as 1h [default: 24h]"),
      Options.optional,
    ),
    ...clientOptions,
  },
  (flags) =>
    withClient(flags, (api) =>
      Effect.flatMap(
        api.request("POST", pathIn(flags.namespace, "signing-keys", "rotate"), {
          body: given("overlap", flags.overlap),
        }),
        (answer) => show(flags, answer, (paint) => Effect.succeed(lines(answer, paint))),
      ),
    ),
).pipe(Command.withDescription("Make a new key; the one before signs on for a while"))

export const signingKeysCommand = Command.make("signing-keys").pipe(
  Command.withDescription("Signing keys: what receivers verify webhooks with"),
  Command.withSubcommands([list, rotate]),
)
