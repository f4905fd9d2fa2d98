// Port: tells every cache of a namespace, in this process and in others on the same store, to forget it.

import { Context, type Effect, type Stream } from "effect"
import type { NamespaceName } from "../../domain/index.js"
import type { StoreUnavailable } from "./StoreErrors.js"

export class Invalidation extends Context.Tag("eventloom/Invalidation")<
  Invalidation,
  {
    readonly broadcast: (namespace: NamespaceName) => Effect.Effect<void, StoreUnavailable>
    /** What was broadcast from now on, by any process. After a lost connection: "all", since some may have been missed. */
    readonly invalidations: Stream.Stream<NamespaceName | "all">
  }
>() {}
