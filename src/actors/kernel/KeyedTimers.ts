// The timers of one cell, by key. Each is a sleeping fiber that tells the cell a message on its own
// lane. Setting a key replaces its timer. After `set` or `cancel` returns, the earlier message will
// not be delivered, even if it had fired and was waiting in the mailbox.
import { type Duration, Effect, Fiber, Option } from "effect"
import type { Mailbox } from "./Mailbox.js"

interface Timer {
  fiber: Fiber.RuntimeFiber<void> | undefined
}

export class KeyedTimers<Message> {
  private readonly mailbox: Mailbox<Message>
  private readonly timers = new Map<string, Timer>()
  private closed = false

  constructor(mailbox: Mailbox<Message>) {
    this.mailbox = mailbox
  }

  /** Does nothing once the actor has ended. */
  set(key: string, after: Duration.DurationInput, message: Message): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.zipRight(
        this.cancel(key),
        Effect.suspend(() => {
          if (this.closed) return Effect.void
          const timer: Timer = { fiber: undefined }
          this.timers.set(key, timer)
          return Effect.sleep(after).pipe(
            Effect.interruptible,
            Effect.zipRight(Effect.sync(() => this.fire(key, timer, message))),
            Effect.forkDaemon,
            Effect.flatMap((fiber) => {
              timer.fiber = fiber
              return this.timers.get(key) === timer ? Effect.void : interruptAndWait(timer)
            }),
          )
        }),
      ),
    )
  }

  cancel(key: string): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.suspend(() => {
        const timer = this.timers.get(key)
        this.timers.delete(key)
        return interruptAndWait(timer)
      }),
    )
  }

  get size(): number {
    return this.timers.size
  }

  /** Cancels all of them for good; part of the end of the cell. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.closed = true
    return Effect.forEach([...this.timers.keys()], (key) => this.cancel(key), { discard: true })
  })

  private fire(key: string, timer: Timer, message: Message): void {
    this.mailbox.offerOwn(() => {
      if (this.timers.get(key) !== timer) return Option.none()
      this.timers.delete(key)
      return Option.some(message)
    })
  }
}

const interruptAndWait = (timer: Timer | undefined): Effect.Effect<void> =>
  timer?.fiber === undefined ? Effect.void : Effect.asVoid(Fiber.interrupt(timer.fiber))
