// The long work of one cell, by key: supervised fibers that answer only by a message, on the cell's
// own lane. Running a key again interrupts the earlier task, and begins once that has ended, so two
// tasks of one key never overlap. A task that was stopped or replaced answers nothing, even if its
// answer was waiting in the mailbox.
import { Cause, Effect, Exit, Fiber, Option } from "effect"
import type { Mailbox } from "./Mailbox.js"

interface Task {
  fiber: Fiber.RuntimeFiber<void> | undefined
}

export class KeyedTasks<Message> {
  private readonly mailbox: Mailbox<Message>
  private readonly current = new Map<string, Task>()
  private readonly alive = new Set<Task>()
  private closed = false

  constructor(mailbox: Mailbox<Message>) {
    this.mailbox = mailbox
  }

  /** Returns when the task is on its way. Does nothing once the actor has ended. */
  run<A, E, R>(
    key: string,
    effect: Effect.Effect<A, E, R>,
    onExit: (exit: Exit.Exit<A, E>) => Message,
  ): Effect.Effect<void, never, R> {
    return Effect.uninterruptible(
      Effect.suspend(() => {
        if (this.closed) return Effect.void
        const previous = this.current.get(key)
        const task: Task = { fiber: undefined }
        this.current.set(key, task)
        this.alive.add(task)
        return interruptAndWait(previous).pipe(
          Effect.zipRight(Effect.exit(Effect.interruptible(effect))),
          Effect.flatMap((exit) => this.finish(key, task, exit, onExit)),
          Effect.ensuring(Effect.sync(() => this.alive.delete(task))),
          Effect.forkDaemon,
          Effect.flatMap((fiber) => {
            task.fiber = fiber
            return this.closed ? interruptAndWait(task) : Effect.void
          }),
        )
      }),
    )
  }

  /** Interrupts the task and waits until it has ended. */
  stop(key: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const task = this.current.get(key)
      this.current.delete(key)
      return interruptAndWait(task)
    })
  }

  get size(): number {
    return this.alive.size
  }

  /** Stops all of them for good and waits; part of the end of the cell. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.closed = true
    this.current.clear()
    return Effect.forEach([...this.alive], interruptAndWait, {
      concurrency: "unbounded",
      discard: true,
    })
  })

  private finish<A, E>(
    key: string,
    task: Task,
    exit: Exit.Exit<A, E>,
    onExit: (exit: Exit.Exit<A, E>) => Message,
  ): Effect.Effect<void> {
    if (this.current.get(key) !== task) return reportUnheard(key, this.mailbox.path, exit)
    return Effect.sync(() =>
      this.mailbox.offerOwn(() => {
        if (this.current.get(key) !== task) return Option.none()
        this.current.delete(key)
        return Option.some(onExit(exit))
      }),
    )
  }
}

const interruptAndWait = (task: Task | undefined): Effect.Effect<void> =>
  task?.fiber === undefined ? Effect.void : Effect.asVoid(Fiber.interrupt(task.fiber))

const reportUnheard = (key: string, path: string, exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause)
    ? Effect.logWarning("A stopped task failed while it ended", exit.cause).pipe(
        Effect.annotateLogs({ actor: path, task: key }),
      )
    : Effect.void
