// Signing keys: from requests to the mesh and back.

import { HttpApiBuilder, HttpServerResponse } from "@effect/platform"
import { Effect, Schema } from "effect"
import { Mesh, type SigningKeysView } from "../../../actors/index.js"
import {
  EventloomApi,
  KeyRotation,
  keySetPath,
  KeySetShape,
  SigningKeysShape,
} from "../api/index.js"
import { jsonBody } from "../JsonBody.js"
import { answering, answerOf } from "./Answering.js"

/** How long a receiver may go without asking again. An overlap should be longer. */
const cacheControl = "public, max-age=300"

const shown = ({ keySet, keys }: SigningKeysView): typeof SigningKeysShape.Type => ({
  ...(keySet === undefined ? {} : { jwks: `${keySetPath}?set=${keySet}` }),
  keys,
})

export const signingKeysHandlers = HttpApiBuilder.group(EventloomApi, "signingKeys", (handlers) =>
  Effect.map(Mesh, ({ signingKeys }) =>
    handlers
      .handle("getSigningKeys", ({ path: { namespace } }) =>
        answering(Effect.map(signingKeys.get(namespace), shown)),
      )
      .handleRaw("rotateSigningKey", ({ path: { namespace } }) =>
        Effect.gen(function* () {
          const rotation = yield* jsonBody(KeyRotation)
          const keys = yield* signingKeys.rotate(namespace, rotation)
          return yield* answerOf(SigningKeysShape, 200, shown(keys))
        }).pipe(answering),
      ),
  ),
)

const encodeKeySet = Schema.encode(Schema.parseJson(KeySetShape))

export const keySetHandlers = HttpApiBuilder.group(EventloomApi, "keySets", (handlers) =>
  Effect.map(Mesh, ({ signingKeys }) =>
    handlers.handleRaw("getKeySet", ({ urlParams: { set } }) =>
      signingKeys.published(set).pipe(
        Effect.flatMap((keys) => Effect.orDie(encodeKeySet({ keys }))),
        Effect.map((text) =>
          HttpServerResponse.text(text, {
            contentType: "application/jwk-set+json",
            headers: { "cache-control": cacheControl },
          }),
        ),
        answering,
      ),
    ),
  ),
)
