// Port: the signing keys of namespaces, their secret halves sealed.

import { Context, type Effect } from "effect"
import type { KeySetId, NamespaceName, SigningKey } from "../../domain/index.js"
import type { StoreUnavailable } from "./StoreErrors.js"

type Answer<A> = Effect.Effect<A, StoreUnavailable>

export class SigningKeys extends Context.Tag("eventloom/SigningKeys")<
  SigningKeys,
  {
    /** The present key first, then what was rotated out and is not erased yet. */
    readonly list: (namespace: NamespaceName) => Answer<ReadonlyArray<SigningKey>>
    /** The keys of a set, in the same order; none of an unknown one. One look-up by index. */
    readonly ofSet: (keySet: KeySetId) => Answer<ReadonlyArray<SigningKey>>
    /**
     * In one write: stores a new present key, and has the one before it end at `formerUntil`, or
     * erases all others without it. Answers false and changes nothing when the namespace is unknown or
     * being removed, so that no key outlives it.
     */
    readonly add: (key: SigningKey, formerUntil: number | undefined) => Answer<boolean>
    /** Erases the keys whose time is over at `now`, of every namespace; answers how many. */
    readonly eraseRetired: (now: number) => Answer<number>
  }
>() {}
