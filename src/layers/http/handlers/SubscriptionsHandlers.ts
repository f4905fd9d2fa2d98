// Subscriptions: from requests to the mesh and back.

import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { Mesh, type SubscriptionView } from "../../../actors/index.js"
import { SubscriptionSpec } from "../../../domain/index.js"
import { EventloomApi, pageFrom, SubscriptionShape } from "../api/index.js"
import { jsonBody } from "../JsonBody.js"
import { invalidField } from "../ProblemOf.js"
import { answering, putAnswer } from "./Answering.js"

const shown = ({ spec, ...rest }: SubscriptionView): typeof SubscriptionShape.Type => ({
  ...rest,
  ...spec,
})

export const subscriptionsHandlers = HttpApiBuilder.group(
  EventloomApi,
  "subscriptions",
  (handlers) =>
    Effect.map(Mesh, ({ subscriptions }) =>
      handlers
        .handleRaw("putSubscription", ({ path: { namespace, subscription } }) =>
          Effect.gen(function* () {
            const spec = yield* jsonBody(SubscriptionSpec)
            const { created, value } = yield* subscriptions.put(namespace, subscription, spec)
            return yield* putAnswer(SubscriptionShape, { created, value: shown(value) })
          }).pipe(
            Effect.catchTag("SinkNotFound", ({ message }) => invalidField("sink", message)),
            answering,
          ),
        )
        .handle("getSubscription", ({ path: { namespace, subscription } }) =>
          answering(Effect.map(subscriptions.get(namespace, subscription), shown)),
        )
        .handle("listSubscriptions", ({ path, urlParams: { after, limit } }) =>
          answering(
            Effect.map(subscriptions.list(path.namespace), (all) => {
              const { items, next } = pageFrom(all, after, limit)
              return { subscriptions: items.map(shown), next }
            }),
          ),
        )
        .handle("deleteSubscription", ({ path: { namespace, subscription } }) =>
          answering(subscriptions.remove(namespace, subscription)),
        )
        .handle("pauseSubscription", ({ path: { namespace, subscription } }) =>
          answering(Effect.map(subscriptions.pause(namespace, subscription), shown)),
        )
        .handle("resumeSubscription", ({ path: { namespace, subscription } }) =>
          answering(Effect.map(subscriptions.resume(namespace, subscription), shown)),
        ),
    ),
)
