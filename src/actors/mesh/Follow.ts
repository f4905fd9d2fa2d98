// Following a namespace: opens readers within bounds, reads the journal for those that are behind,
// and takes them along when the namespace's actor begins anew.

import { Chunk, Effect, Option, Schema, type Scope, Stream } from "effect"
import {
  compileFilters,
  type Filter,
  type InvalidSetting,
  type JournaledEvent,
  type NamespaceName,
  NamespaceNotFound,
  type NamespaceRemoving,
  type Sequence,
  type TypePattern,
} from "../../domain/index.js"
import type { NamespaceHub } from "../namespace/NamespaceHub.js"
import type { StoreUnavailable } from "../ports/index.js"
import { Follower, type Followed } from "./Follower.js"
import type { MeshWorld } from "./MeshWorld.js"
import type { NamespaceDoor } from "./NamespaceDoor.js"

/** As many readers follow as may: of the one namespace, or of all together. */
export class TooManyFollowers extends Schema.TaggedError<TooManyFollowers>()("TooManyFollowers", {
  scope: Schema.Literal("namespace", "process"),
  limit: Schema.Number,
  retryAfterMillis: Schema.Number,
}) {
  override get message(): string {
    const whose = this.scope === "namespace" ? "The namespace" : "The server"
    return `${whose} has ${this.limit} open streams, which is as many as there may be.`
  }
}

export interface FollowOptions {
  /** The journal after this sequence comes first. Absent: what is committed from now on. */
  readonly after?: Sequence | undefined
  /** Absent: every event. */
  readonly types?: ReadonlyArray<TypePattern> | undefined
  /** All of these must hold too. */
  readonly filters?: ReadonlyArray<Filter> | undefined
}

export type FollowError =
  | InvalidSetting
  | NamespaceNotFound
  | NamespaceRemoving
  | StoreUnavailable
  | TooManyFollowers

/** A reader that follows a namespace, for one consumer. */
export interface EventReader {
  /** The position it began at. */
  readonly start: Sequence
  /** Waits until `next` has something to say. May be interrupted at any time without loss. */
  readonly ready: Effect.Effect<void>
  /**
   * What came since the last time, perhaps nothing, without waiting for more. Do not race it: what it
   * answers does not come again. A store that does not answer is asked again the next time.
   */
  readonly next: Effect.Effect<Followed>
}

export interface Following {
  readonly reader: (
    namespace: NamespaceName,
    options?: FollowOptions,
  ) => Effect.Effect<EventReader, FollowError, Scope.Scope>
  readonly follow: (
    namespace: NamespaceName,
    options?: FollowOptions,
  ) => Stream.Stream<JournaledEvent, FollowError>
  /** Readers that are open. */
  readonly open: () => number
}

/** How long to wait for a place, and for a store that does not answer. */
const retryAfterMillis = 5_000
const storePatience = "1 second"

/** Closing the scope ends every reader. */
export const makeFollowing = (
  world: MeshWorld,
  door: NamespaceDoor,
  everything: ReadonlyArray<TypePattern>,
): Effect.Effect<Following, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { maxFollowers, maxFollowersPerNamespace, streamBuffer, streamBytes } = world.config
    const limits = { maxEvents: streamBuffer, maxBytes: streamBytes }
    const open = new Set<Follower>()
    const places = makePlaces({ namespace: maxFollowersPerNamespace, process: maxFollowers })
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const follower of open) follower.finish("closed")
      }),
    )

    const reader: Following["reader"] = (
      namespace,
      { after, filters = [], types = everything } = {},
    ) =>
      Effect.gen(function* () {
        const { matches } = yield* compileFilters(filters)
        const interest = { patterns: types, passes: filters.length === 0 ? undefined : matches }
        yield* Effect.acquireRelease(places.take(namespace), () => places.free(namespace))
        const { hub } = yield* door.wake(namespace)
        const start = yield* startOf(world, hub, after)
        const follower = yield* Effect.acquireRelease(
          Effect.sync(() => {
            const made = new Follower(hub.incarnation, start, interest, limits)
            open.add(made)
            made.attach(hub)
            return made
          }),
          (made) =>
            Effect.sync(() => {
              made.finish("closed")
              open.delete(made)
            }),
        )
        if (follower.isEnded) return yield* new NamespaceNotFound({ namespace })
        return { start, ready: follower.ready, next: nextOf(world, door, namespace, follower) }
      })

    return {
      reader,
      follow: (namespace, options) =>
        Stream.unwrapScoped(Effect.map(reader(namespace, options), eventsOf)),
      open: () => open.size,
    }
  })

/** A position beyond the journal belongs to an earlier namespace of the name: it is the end of this one. */
const startOf = (
  { journal }: MeshWorld,
  hub: NamespaceHub,
  after: Sequence | undefined,
): Effect.Effect<Sequence, StoreUnavailable> => {
  if (after === undefined) return Effect.succeed(hub.head)
  if (after <= hub.head) return Effect.succeed(after)
  // What was read from the journal may be further than what the hub has been told.
  return Effect.map(journal.bounds(hub.name), ({ head }) => (after < head ? after : head))
}

const nextOf = (
  world: MeshWorld,
  door: NamespaceDoor,
  namespace: NamespaceName,
  follower: Follower,
): Effect.Effect<Followed> => {
  const attach = Effect.suspend(() =>
    follower.isAttached || follower.isEnded
      ? Effect.void
      : Effect.map(door.wake(namespace), ({ hub }) => follower.attach(hub)).pipe(
          Effect.catchTags({
            NamespaceNotFound: () => Effect.sync(() => follower.finish("removed")),
            NamespaceRemoving: () => Effect.sync(() => follower.finish("removed")),
          }),
        ),
  )
  const read = Effect.suspend(() => {
    const read = follower.nextRead()
    return read === undefined
      ? Effect.void
      : Effect.map(
          world.journal.read({ namespace, ...read, maxBytes: world.config.streamBytes }),
          (page) => follower.admitPage(page),
        )
  })
  const fill = Effect.suspend(() =>
    follower.hasNews ? Effect.void : Effect.zipRight(attach, read),
  )
  return fill.pipe(
    Effect.catchAll((error) =>
      Effect.zipRight(
        Effect.logWarning("A stream cannot read the journal", error),
        Effect.sleep(storePatience),
      ),
    ),
    Effect.zipRight(Effect.sync(() => follower.take())),
  )
}

const eventsOf = ({ next, ready }: EventReader): Stream.Stream<JournaledEvent> =>
  Stream.repeatEffectChunkOption(
    Effect.flatMap(Effect.zipRight(ready, next), ({ events, end }) =>
      end === undefined
        ? Effect.succeed(Chunk.unsafeFromArray(events))
        : Effect.fail(Option.none()),
    ),
  )

/** Counts who follows what. */
const makePlaces = (limit: { readonly namespace: number; readonly process: number }) => {
  const taken = new Map<NamespaceName, number>()
  let all = 0
  const refuse = (scope: "namespace" | "process") =>
    Effect.fail(new TooManyFollowers({ scope, limit: limit[scope], retryAfterMillis }))
  return {
    take: (namespace: NamespaceName): Effect.Effect<void, TooManyFollowers> =>
      Effect.suspend(() => {
        const own = taken.get(namespace) ?? 0
        if (own >= limit.namespace) return refuse("namespace")
        if (all >= limit.process) return refuse("process")
        taken.set(namespace, own + 1)
        all++
        return Effect.void
      }),
    free: (namespace: NamespaceName): Effect.Effect<void> =>
      Effect.sync(() => {
        const own = (taken.get(namespace) ?? 1) - 1
        if (own > 0) taken.set(namespace, own)
        else taken.delete(namespace)
        all--
      }),
  }
}
