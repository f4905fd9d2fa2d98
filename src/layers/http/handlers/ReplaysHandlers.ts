// Replays: from requests to the mesh and back.

import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { Mesh, type ReplayView } from "../../../actors/index.js"
import { ReplaySpec } from "../../../domain/index.js"
import { EventloomApi, pageFrom, ReplayShape } from "../api/index.js"
import { jsonBody } from "../JsonBody.js"
import { answering, answerOf } from "./Answering.js"

const shown = ({ status: _, endedAt, ...rest }: ReplayView): typeof ReplayShape.Type => ({
  ...rest,
  ...(endedAt === undefined ? {} : { endedAt }),
})

export const replaysHandlers = HttpApiBuilder.group(EventloomApi, "replays", (handlers) =>
  Effect.map(Mesh, ({ replays }) =>
    handlers
      .handleRaw("startReplay", ({ path: { namespace, subscription } }) =>
        Effect.gen(function* () {
          const spec = yield* jsonBody(ReplaySpec)
          const replay = yield* replays.start(namespace, subscription, spec)
          return yield* answerOf(ReplayShape, 202, shown(replay))
        }).pipe(answering),
      )
      .handle("listReplays", ({ path, urlParams: { after, limit } }) =>
        answering(
          Effect.map(replays.list(path.namespace, path.subscription), (all) => {
            const named = all.map((replay) => ({ name: replay.id, replay }))
            const { items, next } = pageFrom(named, after, limit)
            return { replays: items.map(({ replay }) => shown(replay)), next }
          }),
        ),
      )
      .handle("getReplay", ({ path: { replay: id, ...rest } }) =>
        answering(Effect.map(replays.get({ ...rest, id }), shown)),
      )
      .handle("cancelReplay", ({ path: { replay: id, ...rest } }) =>
        answering(Effect.map(replays.cancel({ ...rest, id }), shown)),
      ),
  ),
)
