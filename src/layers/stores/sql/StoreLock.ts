// Exactly one process may write to a store. This is what the holder of a store knows of its hold.

import { Context, type Effect } from "effect"
import type { StoreLocked, StoreUnavailable } from "../../../actors/index.js"

export class StoreLock extends Context.Tag("eventloom/StoreLock")<
  StoreLock,
  {
    /** Fails while the hold is lost; the store must not be written to then. */
    readonly held: Effect.Effect<void, StoreUnavailable>
    /** Fails when another process has taken the store: this one must stop. Else it never ends. */
    readonly lost: Effect.Effect<never, StoreLocked>
  }
>() {}
