// Keys: from requests to the mesh and back.

import { HttpApiBuilder } from "@effect/platform"
import { Effect, Redacted } from "effect"
import { CurrentOrigin, Mesh } from "../../../actors/index.js"
import { defaultLimit, EventloomApi, KeySpec, NewKeyShape } from "../api/index.js"
import { jsonBody } from "../JsonBody.js"
import { answering, answerOf } from "./Answering.js"

export const keysHandlers = HttpApiBuilder.group(EventloomApi, "keys", (handlers) =>
  Effect.map(Mesh, ({ keys }) =>
    handlers
      .handle("whoAmI", () =>
        Effect.map(CurrentOrigin, ({ caller }) => {
          if (caller.kind !== "key") return { kind: "operator" as const }
          const { expiresAt, id, name, namespace, scopes } = caller.key
          return {
            kind: "key" as const,
            namespace,
            id,
            ...(name === undefined ? {} : { name }),
            scopes,
            ...(expiresAt === undefined ? {} : { expiresAt }),
          }
        }),
      )
      .handleRaw("createKey", ({ path: { namespace } }) =>
        Effect.gen(function* () {
          const spec = yield* jsonBody(KeySpec)
          const { key, token } = yield* keys.create(namespace, spec)
          return yield* answerOf(NewKeyShape, 201, { ...key, key: Redacted.value(token) })
        }).pipe(answering),
      )
      .handle("listKeys", ({ path: { namespace }, urlParams: { after, limit = defaultLimit } }) =>
        answering(
          Effect.map(
            keys.list(namespace, {
              limit: limit + 1,
              ...(after === undefined ? {} : { after }),
            }),
            (found) => {
              const shown = found.slice(0, limit)
              return { keys: shown, next: found.length > limit ? (shown.at(-1)?.id ?? null) : null }
            },
          ),
        ),
      )
      .handle("getKey", ({ path: { key, namespace } }) => answering(keys.get(namespace, key)))
      .handle("revokeKey", ({ path: { key, namespace } }) =>
        answering(keys.revoke(namespace, key)),
      ),
  ),
)
