// The live flow of a subscription: from its position to the head and on with it.

import { Effect, Option } from "effect"
import {
  defaultSubscriptionConcurrency,
  parseTypePattern,
  type SubscriptionSpec,
} from "../../domain/index.js"
import type { ProgressChange } from "../ports/index.js"
import type { FeedCourse } from "./FeedCourse.js"
import { subscriptionChange } from "./ProgressChanges.js"
import type { FeedRequest } from "./RunFeed.js"

const everything = Option.toArray(Option.getRight(parseTypePattern("*")))

/** The patterns a subscription states, or the one that matches everything. */
export const patternsOf = ({ types = everything }: SubscriptionSpec) => types

export const liveCourse = ({
  rate,
  world,
  hub,
  subscription,
}: FeedRequest): FeedCourse<ProgressChange> => {
  const { name, spec } = subscription
  return {
    options: {
      concurrency: spec.concurrency ?? defaultSubscriptionConcurrency,
      rate: rate?.live,
      replay: undefined,
    },
    progress: world.deliveryLog.progressOf(hub.name, name),
    deferrals: (after, limit) => world.deliveryLog.deferrals(hub.name, name, after, limit),
    log: world.progress,
    changeOf: (feed) => subscriptionChange(hub.name, feed),
    head: () => hub.head,
    matches: (feed, type) => hub.wants(feed, type),
    route: (feed) =>
      Effect.acquireRelease(
        Effect.sync(() => hub.route(feed, patternsOf(spec))),
        () =>
          Effect.sync(() => {
            feed.stop()
            hub.withdraw(feed)
          }),
      ),
    onIdle: () => undefined,
  }
}
