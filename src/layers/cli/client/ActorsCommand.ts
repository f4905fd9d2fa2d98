// eventloom actors: the live supervision tree, drawn.

import { Command } from "@effect/cli"
import { Clock, Effect, Schema } from "effect"
import { type ActorNode, actorTreeText } from "../screen/ActorTreeText.js"
import { decodeAnswer } from "./ApiClient.js"
import { clientOptions, show, withClient } from "./ClientCommand.js"

const fields = {
  path: Schema.String,
  kind: Schema.String,
  state: Schema.String,
  restarts: Schema.Number,
  queueDepth: Schema.Number,
}

interface Encoded extends Schema.Struct.Encoded<typeof fields> {
  readonly since: string
  readonly children: ReadonlyArray<Encoded>
}

const Millis = Schema.transform(Schema.String, Schema.Number, {
  strict: true,
  decode: (text) => Date.parse(text),
  encode: (millis) => new Date(millis).toISOString(),
})

const Actor: Schema.Schema<ActorNode, Encoded> = Schema.Struct({
  ...fields,
  since: Millis,
  children: Schema.Array(Schema.suspend((): Schema.Schema<ActorNode, Encoded> => Actor)),
})

export const actorsCommand = Command.make("actors", clientOptions, (flags) =>
  withClient(flags, (api) =>
    Effect.flatMap(api.request("GET", ["v1", "actors"]), (answer) =>
      show(flags, answer, (paint) =>
        Effect.gen(function* () {
          const root = yield* decodeAnswer(Actor)(answer)
          return actorTreeText(root, yield* Clock.currentTimeMillis, paint)
        }),
      ),
    ),
  ),
).pipe(Command.withDescription("Draw the live tree of actors"))
