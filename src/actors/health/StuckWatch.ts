// Finds who is stuck: work is due, nobody else is waited for, and nothing has moved for a while.
//
// It looks now and then at marks that change with every step of progress, so the path of an event pays
// nothing for it. Waiting for others is not being stuck: a parked sink, an attempt under way, a pause.

import { Duration, Effect } from "effect"
import { type NamespaceName, namespaceName } from "../../domain/index.js"
import type { ActorTree } from "../kernel/index.js"
import type { Seats } from "../mesh/MeshIncarnation.js"
import type { SubscriptionFeed } from "../subscription/SubscriptionFeed.js"

export interface Stuck {
  /** Where in the tree of actors, such as `mesh/acme.example/subscriptions/orders`. */
  readonly path: string
  readonly kind: string
  /** The namespace it belongs to; undefined for the mesh's own. */
  readonly namespace: NamespaceName | undefined
  /** When it was last seen to move, in milliseconds since the epoch. */
  readonly since: number
  readonly problem: string
}

export interface StuckWatchOptions {
  /** How long nothing moves before it counts as stuck. */
  readonly after: Duration.Duration
  /** How often to look. */
  readonly every: Duration.Duration
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsed: () => number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Somebody for whom work is due, as seen at one look. */
interface Sighting {
  readonly kind: string
  readonly namespace: NamespaceName | undefined
  /** Another one than before: it has moved. */
  readonly mark: string
  readonly problem: string
}

interface Watched {
  readonly sighting: Sighting
  readonly elapsed: number
  readonly at: number
}

export class StuckWatch {
  readonly #options: StuckWatchOptions
  #watched: ReadonlyMap<string, Watched> = new Map()

  constructor(options: StuckWatchOptions) {
    this.#options = options
  }

  /** Who is stuck, as of the last look. */
  get stuck(): ReadonlyArray<Stuck> {
    const { after, elapsed } = this.#options
    const present = elapsed()
    const limit = Duration.toMillis(after)
    return [...this.#watched].flatMap(([path, { at, elapsed: seen, sighting }]) => {
      const { kind, namespace, problem } = sighting
      return present - seen < limit ? [] : [{ path, kind, namespace, since: at, problem }]
    })
  }

  look(tree: ActorTree, seats: Seats): void {
    const { elapsed, now } = this.#options
    const moment = { elapsed: elapsed(), at: now() }
    const watched = new Map<string, Watched>()
    for (const [path, sighting] of sightings(tree, seats)) {
      const before = this.#watched.get(path)
      const hasMoved = before?.sighting.mark !== sighting.mark
      watched.set(path, hasMoved ? { sighting, ...moment } : { ...before, sighting })
    }
    this.#watched = watched
  }

  /** Looks for ever. */
  run(tree: Effect.Effect<ActorTree>, seats: Seats): Effect.Effect<never> {
    return Effect.forever(
      Effect.sleep(this.#options.every).pipe(
        Effect.zipRight(tree),
        Effect.map((present) => this.look(present, seats)),
      ),
    )
  }
}

function* sightings(tree: ActorTree, seats: Seats): Generator<readonly [string, Sighting]> {
  for (const { hub, subscriptions } of seats.values()) {
    for (const [name, { feed, replays }] of subscriptions) {
      const path = `${tree.path}/namespaces/${hub.name}/subscriptions/${name}`
      if (feed?.hasWorkToStart === true) yield [path, feedSighting("subscription", hub.name, feed)]
      for (const [id, replay] of replays) {
        if (replay.feed?.hasWorkToStart !== true) continue
        yield [`${path}/replays/${id}`, feedSighting("replay", hub.name, replay.feed)]
      }
    }
  }
  for (const { kind, path, queueDepth, restarts, handled } of everyActor(tree)) {
    if (queueDepth === 0) continue
    // Below the mesh come `namespaces` and `removals`, and below those the names.
    const namespace = namespaceName(path.split("/", 3)[2] ?? "")
    const problem = `${queueDepth} messages wait, and none is taken`
    yield [path, { kind, namespace, mark: `${restarts} ${handled}`, problem }]
  }
}

function* everyActor(tree: ActorTree): Generator<ActorTree> {
  yield tree
  for (const child of tree.children) yield* everyActor(child)
}

const feedSighting = (
  kind: "subscription" | "replay",
  namespace: NamespaceName,
  feed: SubscriptionFeed,
): Sighting => {
  const { delivered, failed, dead, dropped } = feed.counts
  return {
    kind,
    namespace,
    mark: [delivered, failed, dead, dropped, feed.position, feed.deferredCount].join(" "),
    problem: "deliveries could start, and none does",
  }
}
