// Host types: from requests to the mesh and back.

import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { type HostTypeView, Mesh } from "../../../actors/index.js"
import { Settings } from "../../../domain/index.js"
import { defaultLimit, EventloomApi, HostTypeShape, pageOf } from "../api/index.js"
import { jsonBody } from "../JsonBody.js"
import { answering, putAnswer } from "./Answering.js"

const shown = ({ defaults, ...rest }: HostTypeView): typeof HostTypeShape.Type => ({
  ...rest,
  ...defaults,
})

export const hostTypesHandlers = HttpApiBuilder.group(EventloomApi, "hostTypes", (handlers) =>
  Effect.map(Mesh, ({ hostTypes }) =>
    handlers
      .handleRaw("putHostType", ({ path }) =>
        Effect.gen(function* () {
          const defaults = yield* jsonBody(Settings)
          const { created, value } = yield* hostTypes.put(path.hostType, defaults)
          return yield* putAnswer(HostTypeShape, { created, value: shown(value) })
        }).pipe(answering),
      )
      .handle("getHostType", ({ path }) =>
        answering(Effect.map(hostTypes.get(path.hostType), shown)),
      )
      .handle("listHostTypes", ({ urlParams: { after, limit = defaultLimit } }) =>
        answering(
          Effect.map(
            hostTypes.list({ limit: limit + 1, ...(after === undefined ? {} : { after }) }),
            (found) => {
              const { items, next } = pageOf(found.map(shown), limit)
              return { hostTypes: items, next }
            },
          ),
        ),
      )
      .handle("deleteHostType", ({ path }) => answering(hostTypes.remove(path.hostType))),
  ),
)
