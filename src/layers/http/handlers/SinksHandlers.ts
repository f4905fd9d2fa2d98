// Sinks: from requests to the mesh and back.

import { HttpApiBuilder } from "@effect/platform"
import { Effect, Redacted } from "effect"
import { Mesh, type SinkView } from "../../../actors/index.js"
import { EventloomApi, pageFrom, SecretRotation, SinkShape, SinkSpec } from "../api/index.js"
import { jsonBody } from "../JsonBody.js"
import { answering, answerOf, putAnswer } from "./Answering.js"

/** The options of a kind stand beside the rest; a name that is both is the rest's. */
const shown = ({ options, ...rest }: SinkView): typeof SinkShape.Type => ({ ...options, ...rest })

/** With the secrets that were drawn, which no other answer has. */
const shownOnce = (
  view: SinkView,
  generated: Readonly<Record<string, Redacted.Redacted>>,
): typeof SinkShape.Type => ({
  ...shown(view),
  ...Object.fromEntries(
    Object.entries(generated).map(([name, secret]) => [name, Redacted.value(secret)]),
  ),
})

export const sinksHandlers = HttpApiBuilder.group(EventloomApi, "sinks", (handlers) =>
  Effect.map(Mesh, ({ sinks }) =>
    handlers
      .handleRaw("putSink", ({ path: { namespace, sink } }) =>
        Effect.gen(function* () {
          const spec = yield* jsonBody(SinkSpec)
          const { created, generated, value } = yield* sinks.put(namespace, sink, spec)
          return yield* putAnswer(SinkShape, { created, value: shownOnce(value, generated) })
        }).pipe(answering),
      )
      .handleRaw("rotateSecret", ({ path: { namespace, sink } }) =>
        Effect.gen(function* () {
          const rotation = yield* jsonBody(SecretRotation)
          const { generated, value } = yield* sinks.rotateSecret(namespace, sink, rotation)
          return yield* answerOf(SinkShape, 200, shownOnce(value, generated))
        }).pipe(answering),
      )
      .handle("getSink", ({ path: { namespace, sink } }) =>
        answering(Effect.map(sinks.get(namespace, sink), shown)),
      )
      .handle("listSinks", ({ path, urlParams: { after, limit } }) =>
        answering(
          Effect.map(sinks.list(path.namespace), (all) => {
            const { items, next } = pageFrom(all, after, limit)
            return { sinks: items.map(shown), next }
          }),
        ),
      )
      .handle("deleteSink", ({ path: { namespace, sink } }) =>
        answering(sinks.remove(namespace, sink)),
      ),
  ),
)
