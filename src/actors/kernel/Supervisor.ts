// The children of one actor, by key: each in a fiber and a scope of its own, restarted alone and from
// its spec. What cannot be restarted any more is escalated to the parent.
//
// - `start` returns a ref when the child has performed its initial commands. If that fails the first
//   time, the caller is told and nothing is left: there is no restart and no escalation.
// - `stop` returns when everything the child held is released, its own children included. A child
//   that stops its own key only asks for it (see `ActorRef.stop`), so it cannot interrupt itself.
// - Closing the scope of the supervisor stops all children and waits; nothing starts afterwards.
import { Effect, FiberRef, Option, Scope } from "effect"
import { ActorGone, type ActorStartFailed, ChildExists } from "./ActorErrors.js"
import { type ActorExit, describeExit } from "./ActorExit.js"
import type { ActorRef, ActorSnapshot, ActorTree } from "./ActorRef.js"
import type { CellContext, CellSpec } from "./Cell.js"
import { causeOf, Life, type LifeEnd } from "./Life.js"
import { currentLineage, type Lineage } from "./Lineage.js"
import type { RestartPolicy } from "./RestartPolicy.js"

/** All that is needed to make a child, and to make it again. */
export interface ChildSpec<State, Message, Command, E, R>
  extends CellSpec<State, Message, Command, E, R>,
    RestartPolicy {}

/**
 * Tells the parent that a child crashed and is not restarted: a `temporary` one at once, others when
 * they have used up their intensity. By then the key is free. It must not wait for the parent, which
 * may be waiting for the child: tell the parent's own lane (`context.self.tell`).
 */
export type OnEscalation = (key: string, exit: ActorExit) => Effect.Effect<void>

export interface Supervisor {
  readonly path: string
  readonly start: <State, Message, Command, E, R>(
    key: string,
    spec: ChildSpec<State, Message, Command, E, R>,
  ) => Effect.Effect<ActorRef<Message>, ActorStartFailed | ChildExists | ActorGone, R>
  /** None when there is no such child. */
  readonly stop: (key: string) => Effect.Effect<Option.Option<ActorExit>>
  /** Stops all children, in parallel. */
  readonly stopAll: Effect.Effect<void>
  readonly has: (key: string) => Effect.Effect<boolean>
  readonly children: Effect.Effect<ReadonlyArray<ActorSnapshot>>
  readonly tree: Effect.Effect<ReadonlyArray<ActorTree>>
}

/** A supervisor that lives as long as the scope. Its children are at `path/key`. */
export const makeSupervisor = (
  path: string,
  onEscalation: OnEscalation = () => Effect.void,
): Effect.Effect<Supervisor, never, Scope.Scope> => acquire(path, onEscalation)

/**
 * A supervisor that belongs to an incarnation of an actor: its children show in the actor's tree, at
 * `actor/name/key` (or `actor/key` without a name), and are stopped when that incarnation ends. An
 * escalation becomes a message of the actor.
 */
export const superviseUnder = <Message>(
  context: CellContext<Message>,
  options: {
    readonly name?: string
    readonly onEscalation: (key: string, exit: ActorExit) => Message
  },
): Effect.Effect<Supervisor> =>
  acquire(
    options.name === undefined ? context.path : `${context.path}/${options.name}`,
    (key, exit) => Effect.suspend(() => context.self.tell(options.onEscalation(key, exit))),
  ).pipe(
    Effect.tap((children) => Effect.sync(() => context.attach(() => children.unsafeTree()))),
    Scope.extend(context.scope),
  )

const acquire = (path: string, onEscalation: OnEscalation) =>
  Effect.acquireRelease(
    Effect.map(
      FiberRef.get(currentLineage),
      (lineage) => new Children(path, lineage, onEscalation),
    ),
    (children) => children.close,
  )

/** A child without the types of its messages. */
interface Child extends Lineage {
  readonly stop: Effect.Effect<ActorExit>
  readonly unsafeSnapshot: () => ActorSnapshot
  readonly unsafeTree: () => ActorTree
}

class Children implements Supervisor {
  readonly path: string
  private readonly lineage: Lineage | undefined
  private readonly onEscalation: OnEscalation
  private readonly byKey = new Map<string, Child>()
  /** Children that have given up their key and are telling the parent so. */
  private readonly leaving = new Set<Child>()
  private closed = false

  constructor(path: string, lineage: Lineage | undefined, onEscalation: OnEscalation) {
    this.path = path
    this.lineage = lineage
    this.onEscalation = onEscalation
  }

  start<State, Message, Command, E, R>(
    key: string,
    spec: ChildSpec<State, Message, Command, E, R>,
  ): Effect.Effect<ActorRef<Message>, ActorStartFailed | ChildExists | ActorGone, R> {
    const path = `${this.path}/${key}`
    return Effect.uninterruptibleMask((restore) =>
      Effect.gen(this, function* () {
        const clock = yield* Effect.clock
        if (this.closed) return yield* new ActorGone({ path: this.path })
        if (this.byKey.has(key)) return yield* new ChildExists({ path })
        const life = new Life<Message>(path, spec, this.lineage, clock)
        this.byKey.set(key, life)
        yield* life.begin(spec, spec, (end) => this.onEnd(key, life, end))
        yield* restore(life.awaitReady)
        return life
      }),
    )
  }

  stop(key: string): Effect.Effect<Option.Option<ActorExit>> {
    return Effect.suspend(() => {
      const child = this.byKey.get(key)
      return child === undefined ? Effect.succeedNone : Effect.map(child.stop, Option.some)
    })
  }

  get stopAll(): Effect.Effect<void> {
    return Effect.suspend(() =>
      Effect.forEach([...this.byKey.values(), ...this.leaving], (child) => child.stop, {
        concurrency: "unbounded",
        discard: true,
      }),
    )
  }

  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.closed = true
      return this.stopAll
    })
  }

  has(key: string): Effect.Effect<boolean> {
    return Effect.sync(() => this.byKey.has(key))
  }

  get children(): Effect.Effect<ReadonlyArray<ActorSnapshot>> {
    return Effect.sync(() => [...this.byKey.values()].map((child) => child.unsafeSnapshot()))
  }

  get tree(): Effect.Effect<ReadonlyArray<ActorTree>> {
    return Effect.sync(() => this.unsafeTree())
  }

  unsafeTree(): ReadonlyArray<ActorTree> {
    return [...this.byKey.values()].map((child) => child.unsafeTree())
  }

  private onEnd(key: string, child: Child, { exit, gaveUp }: LifeEnd): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.byKey.get(key) === child) this.byKey.delete(key)
      if (!gaveUp) return Effect.void
      this.leaving.add(child)
      return Effect.logError("Actor is given up", ...causeOf(exit)).pipe(
        Effect.annotateLogs({ reason: describeExit(exit) }),
        Effect.zipRight(this.onEscalation(key, exit)),
        Effect.catchAllCause((cause) => Effect.logError("An escalation was not heard", cause)),
        Effect.ensuring(Effect.sync(() => this.leaving.delete(child))),
      )
    })
  }
}
