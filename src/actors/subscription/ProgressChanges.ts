// Collected progress as the store takes it: of what is live, and of a replay.

import type { NamespaceName, Replay } from "../../domain/index.js"
import type { ProgressChange, ReplayChange } from "../ports/index.js"
import type { ProgressSnapshot } from "./FeedProgress.js"
import type { SubscriptionFeed } from "./SubscriptionFeed.js"

export const subscriptionChange =
  (namespace: NamespaceName, { name }: SubscriptionFeed) =>
  ({ position, acknowledged, unwritten }: ProgressSnapshot): ProgressChange => ({
    namespace,
    subscription: name,
    position,
    acknowledged,
    ...unwritten,
  })

export const replayChange =
  ({ namespace, subscription, id }: Replay, feed: SubscriptionFeed) =>
  ({ position, acknowledged, unwritten }: ProgressSnapshot): ReplayChange => ({
    namespace,
    subscription,
    id,
    position,
    acknowledged,
    counts: feed.replayCounts,
    ...unwritten,
  })
