// A cell runs one incarnation of an actor in one fiber: it takes a message, lets the chart decide,
// publishes the new state and performs the commands in order; then the next message.
//
// It ends when the chart is final, when it is asked to stop, or when a step or a command fails.
// Whatever the end, in this order: the mailbox is closed and the asks it owes fail, timers and tasks
// are interrupted and awaited, the scope is closed. Only then has it ended. A failure while it closes
// makes the exit `Crashed`.
import { Cause, type Clock, Effect, Exit, Option, Scope } from "effect"
import { ActorExit } from "./ActorExit.js"
import type { ActorRef, ActorTree } from "./ActorRef.js"
import type { Chart } from "./Chart.js"
import { KeyedTasks } from "./KeyedTasks.js"
import { KeyedTimers } from "./KeyedTimers.js"
import type { Mailbox } from "./Mailbox.js"

/** How to make a cell, and make it again after a crash. */
export interface CellSpec<State, Message, Command, E, R> {
  readonly kind: string
  /** Called for each incarnation, so each begins in the initial state. */
  readonly chart: () => Chart<State, Message, Command>
  /**
   * Carries out a command. The cell takes no message meanwhile: long work belongs in a task. A
   * failure or a defect crashes the actor.
   */
  readonly perform: (command: Command, context: CellContext<Message>) => Effect.Effect<void, E, R>
  /** Messages from outside that may wait. */
  readonly mailboxCapacity?: number
}

export const defaultMailboxCapacity = 256

/** What a command may use of the cell that performs it. */
export interface CellContext<in out Message> {
  readonly path: string
  /** For others: bounded like any ref, valid over restarts. */
  readonly ref: ActorRef<Message>
  /** Tells this incarnation on its own lane: never full, before what others told it. */
  readonly self: { readonly tell: (message: Message) => Effect.Effect<void> }
  readonly timers: KeyedTimers<Message>
  readonly tasks: KeyedTasks<Message>
  /** Closed when this incarnation ends, after its timers and tasks. */
  readonly scope: Scope.Scope
  /** Shows actors that live below this one in its tree, until this incarnation ends. */
  readonly attach: (branch: () => ReadonlyArray<ActorTree>) => void
}

/** What a cell needs of the actor it is an incarnation of. */
export interface CellHost<Message> {
  readonly ref: ActorRef<Message>
  readonly mailbox: Mailbox<Message>
  readonly clock: Clock.Clock
  readonly stopRequested: () => boolean
}

export class Cell<State, Message, Command, E, R> implements CellContext<Message> {
  readonly scope: Scope.CloseableScope
  label = "starting"
  since: number
  private readonly spec: CellSpec<State, Message, Command, E, R>
  private readonly host: CellHost<Message>
  private finished = false
  private openTimers: KeyedTimers<Message> | undefined
  private openTasks: KeyedTasks<Message> | undefined
  private branches: Array<() => ReadonlyArray<ActorTree>> | undefined

  constructor(
    spec: CellSpec<State, Message, Command, E, R>,
    host: CellHost<Message>,
    scope: Scope.CloseableScope,
  ) {
    this.spec = spec
    this.host = host
    this.scope = scope
    this.since = host.clock.unsafeCurrentTimeMillis()
  }

  get path(): string {
    return this.host.ref.path
  }

  get ref(): ActorRef<Message> {
    return this.host.ref
  }

  get self(): { readonly tell: (message: Message) => Effect.Effect<void> } {
    const { mailbox } = this.host
    return {
      tell: (message) => Effect.sync(() => mailbox.offerOwn(() => Option.some(message))),
    }
  }

  get timers(): KeyedTimers<Message> {
    return (this.openTimers ??= new KeyedTimers(this.host.mailbox))
  }

  get tasks(): KeyedTasks<Message> {
    return (this.openTasks ??= new KeyedTasks(this.host.mailbox))
  }

  attach(branch: () => ReadonlyArray<ActorTree>): void {
    ;(this.branches ??= []).push(branch)
  }

  children(): ReadonlyArray<ActorTree> {
    return this.branches?.flatMap((branch) => branch()) ?? []
  }

  /**
   * Lives until the end, to be run where it cannot be interrupted: an interruption reaches the life,
   * not its end. `onReady` is run when the initial commands have been performed.
   */
  run(onReady: Effect.Effect<void>): Effect.Effect<ActorExit, never, R> {
    return Effect.suspend(() => this.live(onReady)).pipe(
      // Said aloud, because a fiber inherits from its starter whether it can be interrupted.
      Effect.interruptible,
      Effect.exit,
      Effect.flatMap((exit) => this.end(exit)),
    )
  }

  private live(onReady: Effect.Effect<void>): Effect.Effect<void, E, R> {
    const { mailbox, stopRequested } = this.host
    const chart = this.spec.chart()
    let [state] = chart.initial
    const enter = ([next, commands]: readonly [State, ReadonlyArray<Command>]) => {
      state = next
      this.publish(chart.label(next), chart.isFinal?.(next) ?? false)
      return this.performAll(commands)
    }
    const turn = Effect.suspend(() => {
      const message = mailbox.poll()
      return Option.isNone(message) ? mailbox.awaitArrival : enter(chart.step(state, message.value))
    })
    return enter(chart.initial).pipe(
      Effect.zipRight(onReady),
      Effect.zipRight(
        Effect.whileLoop({
          while: () => !this.finished && !stopRequested(),
          body: () => turn,
          step: () => undefined,
        }),
      ),
    )
  }

  private publish(label: string, finished: boolean): void {
    this.finished = finished
    if (label === this.label) return
    this.label = label
    this.since = this.host.clock.unsafeCurrentTimeMillis()
  }

  private performAll(commands: ReadonlyArray<Command>): Effect.Effect<void, E, R> {
    return commands.length === 0
      ? Effect.void
      : Effect.forEach(commands, (command) => this.spec.perform(command, this), { discard: true })
  }

  private end(exit: Exit.Exit<void, E>): Effect.Effect<ActorExit> {
    this.host.mailbox.close()
    return Effect.zipRight(
      this.openTasks?.close ?? Effect.void,
      this.openTimers?.close ?? Effect.void,
    ).pipe(
      Effect.zipRight(Scope.close(this.scope, exit)),
      Effect.exit,
      Effect.map((closing) => this.judge(exit, closing)),
    )
  }

  private judge(exit: Exit.Exit<void, E>, closing: Exit.Exit<void>): ActorExit {
    const live = Exit.isFailure(exit) ? exit.cause : Cause.empty
    const asked = this.host.stopRequested() && Cause.isInterruptedOnly(live)
    const crash = [
      asked ? Cause.empty : live,
      Exit.isFailure(closing) ? closing.cause : Cause.empty,
    ].reduce((left, right) =>
      Cause.isEmpty(left) ? right : Cause.isEmpty(right) ? left : Cause.sequential(left, right),
    )
    if (!Cause.isEmpty(crash)) return ActorExit.Crashed({ cause: crash })
    return this.finished ? ActorExit.Final() : ActorExit.Stopped()
  }
}
