// The life of an actor over its restarts, in one fiber: an incarnation, the decision what follows,
// a pause, the next incarnation. It is also the ref that others hold.
//
// Ways: `starting` until the initial commands of the first incarnation are performed (if that fails
// there is no second one, the starter is told), then the chart's states, `restarting` between
// incarnations, and at last `final`, `stopped` or `crashed`.
import {
  type Cause,
  type Clock,
  Context,
  Deferred,
  Effect,
  Fiber,
  FiberId,
  FiberRef,
  HashMap,
  List,
  Option,
  Scope,
  Tracer,
} from "effect"
import { ActorStartFailed } from "./ActorErrors.js"
import { ActorExit, describeExit } from "./ActorExit.js"
import type { ActorRef, ActorSnapshot, ActorTree } from "./ActorRef.js"
import { Cell, type CellHost, type CellSpec, defaultMailboxCapacity } from "./Cell.js"
import { currentLineage, isInside, type Lineage } from "./Lineage.js"
import { Mailbox } from "./Mailbox.js"
import type { Reply } from "./Reply.js"
import {
  defaultIntensity,
  noRestarts,
  type RestartHistory,
  recordRestart,
} from "./RestartIntensity.js"
import { afterExit, type RestartPolicy } from "./RestartPolicy.js"

/** How a life ended, and whether its policy gave up on it. */
export interface LifeEnd {
  readonly exit: ActorExit
  readonly gaveUp: boolean
}

/** The part of a cell that outlives its type parameters. */
interface Incarnation {
  readonly label: string
  readonly since: number
  readonly children: () => ReadonlyArray<ActorTree>
}

export class Life<Message> implements ActorRef<Message>, Lineage, CellHost<Message> {
  readonly path: string
  readonly kind: string
  readonly parent: Lineage | undefined
  readonly clock: Clock.Clock
  mailbox: Mailbox<Message>
  private exit: ActorExit | undefined
  /** Made for the first who waits. */
  private ended: Deferred.Deferred<ActorExit> | undefined
  private ready: Deferred.Deferred<void, ActorStartFailed> | undefined
  private fiber: Fiber.RuntimeFiber<void> | undefined
  private incarnation: Incarnation | undefined
  private state = "starting"
  private since: number
  private restarts = 0
  private stopping = false

  constructor(
    path: string,
    spec: { readonly kind: string; readonly mailboxCapacity?: number },
    parent: Lineage | undefined,
    clock: Clock.Clock,
  ) {
    this.path = path
    this.kind = spec.kind
    this.parent = parent
    this.clock = clock
    this.mailbox = new Mailbox(path, spec.mailboxCapacity ?? defaultMailboxCapacity)
    this.since = clock.unsafeCurrentTimeMillis()
  }

  tell(message: Message) {
    return Effect.suspend(() => this.mailbox.tell(message))
  }

  ask<A, E = never>(make: (reply: Reply<A, E>) => Message) {
    return Effect.suspend(() => this.mailbox.ask(make))
  }

  get awaitExit(): Effect.Effect<ActorExit> {
    return Effect.suspend(() => {
      if (this.exit !== undefined) return Effect.succeed(this.exit)
      return Deferred.await((this.ended ??= Deferred.unsafeMake(FiberId.none)))
    }).pipe(
      Effect.zipLeft(
        Effect.suspend(() => (this.fiber === undefined ? Effect.void : Fiber.await(this.fiber))),
      ),
    )
  }

  get stop(): Effect.Effect<ActorExit> {
    return Effect.flatMap(FiberRef.get(currentLineage), (caller) => {
      this.stopping = true
      if (isInside(this, caller)) {
        this.mailbox.wake()
        return Effect.succeed(ActorExit.Stopped())
      }
      return Effect.zipRight(
        this.fiber === undefined ? Effect.void : Fiber.interruptAsFork(this.fiber, FiberId.none),
        this.awaitExit,
      )
    })
  }

  get snapshot(): Effect.Effect<ActorSnapshot> {
    return Effect.sync(() => this.unsafeSnapshot())
  }

  get tree(): Effect.Effect<ActorTree> {
    return Effect.sync(() => this.unsafeTree())
  }

  unsafeSnapshot(): ActorSnapshot {
    return {
      path: this.path,
      kind: this.kind,
      state: this.incarnation?.label ?? this.state,
      since: this.incarnation?.since ?? this.since,
      restarts: this.restarts,
      queueDepth: this.mailbox.queueDepth,
      handled: this.mailbox.taken,
    }
  }

  unsafeTree(): ActorTree {
    return { ...this.unsafeSnapshot(), children: this.incarnation?.children() ?? [] }
  }

  get ref(): ActorRef<Message> {
    return this
  }

  readonly stopRequested = (): boolean => this.stopping

  /**
   * Forks the life. To be called once, where it cannot be interrupted, and followed by `awaitReady`.
   * `onEnd` is run at the very end, before those who wait for the exit are told.
   */
  begin<State, Command, E, R>(
    spec: CellSpec<State, Message, Command, E, R>,
    policy: RestartPolicy,
    onEnd: (end: LifeEnd) => Effect.Effect<void>,
  ): Effect.Effect<void, never, R> {
    this.ready = Deferred.unsafeMake<void, ActorStartFailed>(FiberId.none)
    // What a frame on the stack holds on to is paid by every idle actor: the beginning goes first.
    const life = Effect.flatMap(this.forget(), () =>
      Effect.flatMap(this.live(spec, policy), (end) =>
        Effect.ensuring(
          onEnd(end),
          Effect.sync(() => this.finish(end.exit)),
        ),
      ),
    )
    return Effect.map(Effect.forkDaemon(withoutParentSpan(life)), (fiber) => {
      this.fiber = fiber
    })
  }

  /** Returns when the initial commands are performed. A starter that is interrupted here stops it. */
  get awaitReady(): Effect.Effect<void, ActorStartFailed> {
    return Effect.suspend(() =>
      this.ready === undefined ? Effect.void : Deferred.await(this.ready),
    ).pipe(Effect.onInterrupt(() => this.stop))
  }

  /** An actor speaks for itself, not for the request that happened to start it. */
  private forget(): Effect.Effect<void> {
    return FiberRef.set(currentLineage, this).pipe(
      Effect.zipRight(
        FiberRef.set(FiberRef.currentLogAnnotations, HashMap.make(["actor", this.path])),
      ),
      Effect.zipRight(FiberRef.set(FiberRef.currentLogSpan, List.empty())),
    )
  }

  /** One incarnation, and what follows from its end. */
  private live<State, Command, E, R>(
    spec: CellSpec<State, Message, Command, E, R>,
    policy: RestartPolicy,
    history: RestartHistory = noRestarts,
  ): Effect.Effect<LifeEnd, never, R> {
    return Effect.flatMap(this.incarnate(spec), (exit): Effect.Effect<LifeEnd, never, R> => {
      if (this.stopping || this.ready !== undefined) return Effect.succeed({ exit, gaveUp: false })
      const next = afterExit(policy, exit, history, this.clock.unsafeCurrentTimeMillis())
      if (next._tag !== "Restart") return Effect.succeed({ exit, gaveUp: next._tag === "GiveUp" })
      this.mailbox = new Mailbox(this.path, this.mailbox.capacity)
      return this.pause(exit, next.delayMillis).pipe(
        Effect.flatMap(() => {
          if (this.stopping) return Effect.succeed({ exit: ActorExit.Stopped(), gaveUp: false })
          this.restarts += 1
          const now = this.clock.unsafeCurrentTimeMillis()
          const intensity = policy.intensity ?? defaultIntensity
          return this.live(spec, policy, recordRestart(intensity, history, now))
        }),
      )
    })
  }

  private pause(exit: ActorExit, delayMillis: number): Effect.Effect<void> {
    return Effect.logWarning("Actor restarts", ...causeOf(exit)).pipe(
      Effect.annotateLogs({
        kind: this.kind,
        reason: describeExit(exit),
        restarts: this.restarts + 1,
        delayMillis,
      }),
      Effect.zipRight(Effect.exit(Effect.interruptible(Effect.sleep(delayMillis)))),
    )
  }

  private incarnate<State, Command, E, R>(
    spec: CellSpec<State, Message, Command, E, R>,
  ): Effect.Effect<ActorExit, never, R> {
    return Effect.flatMap(Scope.make(), (scope) => {
      if (this.stopping) return Effect.succeed(ActorExit.Stopped())
      const cell = new Cell(spec, this, scope)
      this.incarnation = cell
      const ready = Effect.suspend(() => {
        const waiting = this.ready
        this.ready = undefined
        return waiting === undefined ? Effect.void : Deferred.succeed(waiting, undefined)
      })
      return Effect.map(cell.run(Effect.asVoid(ready)), (exit) => {
        this.incarnation = undefined
        this.enter("restarting")
        return exit
      })
    })
  }

  private enter(state: string): void {
    this.state = state
    this.since = this.clock.unsafeCurrentTimeMillis()
  }

  private finish(exit: ActorExit): void {
    this.mailbox.close()
    this.enter(exit._tag.toLowerCase())
    if (this.ready !== undefined) {
      Deferred.unsafeDone(
        this.ready,
        Effect.fail(
          new ActorStartFailed({
            path: this.path,
            kind: this.kind,
            reason: describeExit(exit),
            cause: exit._tag === "Crashed" ? exit.cause : undefined,
          }),
        ),
      )
    }
    this.exit = exit
    if (this.ended !== undefined) Deferred.unsafeDone(this.ended, Effect.succeed(exit))
  }
}

/** What there is to log of an exit. */
export const causeOf = (exit: ActorExit): ReadonlyArray<Cause.Cause<unknown>> =>
  exit._tag === "Crashed" ? [exit.cause] : []

/** A span that ended long ago must not be kept alive, nor be the parent of what an actor does. */
const withoutParentSpan = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.contextWithEffect((context: Context.Context<R>) =>
    Option.isNone(Context.getOption(context, Tracer.ParentSpan))
      ? effect
      : Effect.provide(
          effect,
          Context.omit(Tracer.ParentSpan)(
            context as Context.Context<R | Tracer.ParentSpan>,
          ) as Context.Context<R>,
        ),
  )
