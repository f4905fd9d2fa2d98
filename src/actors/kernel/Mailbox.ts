// The mailbox of one incarnation of an actor: a bounded lane for what others tell it, a lane of its
// own for what its timers, tasks and itself tell it, and the asks it still owes an answer.
//
// - The own lane goes first and is never full, so an actor cannot deadlock on its own mailbox. Its
//   length is bounded by the number of live timers and tasks plus what one step tells itself.
// - Within a lane, messages are taken in the order in which they were offered.
// - Closing discards what was not taken and fails every ask still owed. What comes later is refused.
// - One fiber takes. (Effect's own Mailbox has one lane, and a fiber cannot wait on two of them
//   without racing two more fibers.)
import { Deferred, Effect, FiberId, MutableQueue, Option } from "effect"
import { ActorGone, MailboxFull } from "./ActorErrors.js"
import { PendingReply, type Reply } from "./Reply.js"

/** Asked for the message at the moment of delivery: none when it was cancelled while it waited. */
export type Claim<Message> = () => Option.Option<Message>

export class Mailbox<Message> {
  readonly path: string
  readonly capacity: number
  private readonly outer: MutableQueue.MutableQueue<Message>
  private own: MutableQueue.MutableQueue<Claim<Message>> | undefined
  private owed: Set<{ readonly unsafeGone: () => void }> | undefined
  private wakeTaker: (() => void) | undefined
  private closed = false
  /** Messages taken since it was made. */
  taken = 0

  constructor(path: string, capacity: number) {
    this.path = path
    this.capacity = capacity
    this.outer = MutableQueue.bounded(capacity)
  }

  tell(message: Message): Effect.Effect<void, ActorGone | MailboxFull> {
    return Effect.suspend(() => {
      const refusal = this.offer(message)
      return refusal === undefined ? Effect.void : Effect.fail(refusal)
    })
  }

  ask<A, E>(make: (reply: Reply<A, E>) => Message): Effect.Effect<A, E | ActorGone | MailboxFull> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend((): Effect.Effect<A, E | ActorGone | MailboxFull> => {
        const answer = Deferred.unsafeMake<A, E | ActorGone>(FiberId.none)
        const reply = new PendingReply<A, E>(answer, this.path)
        const refusal = this.offer(make(reply))
        if (refusal !== undefined) return Effect.fail(refusal)
        const owed = (this.owed ??= new Set())
        owed.add(reply)
        return Effect.ensuring(
          restore(Deferred.await(answer)),
          Effect.sync(() => owed.delete(reply)),
        )
      }),
    )
  }

  /** To the own lane. A closed mailbox ignores it: its actor has ended. */
  offerOwn(claim: Claim<Message>): void {
    if (this.closed) return
    MutableQueue.offer((this.own ??= MutableQueue.unbounded()), claim)
    this.wake()
  }

  /** The next message, if there is one. */
  poll(): Option.Option<Message> {
    while (this.own !== undefined) {
      const claim = MutableQueue.poll(this.own, undefined)
      if (claim === undefined) break
      const message = claim()
      if (Option.isNone(message)) continue
      this.taken++
      return message
    }
    if (MutableQueue.isEmpty(this.outer)) return Option.none()
    this.taken++
    return Option.some(MutableQueue.poll(this.outer, undefined) as Message)
  }

  /** Returns when something was offered, the mailbox was closed or `wake` was called. */
  readonly awaitArrival: Effect.Effect<void> = Effect.async<void>((resume) => {
    if (this.closed || this.queueDepth > 0) resume(Effect.void)
    else this.wakeTaker = () => resume(Effect.void)
  })

  wake(): void {
    const wakeTaker = this.wakeTaker
    this.wakeTaker = undefined
    wakeTaker?.()
  }

  get queueDepth(): number {
    return (
      MutableQueue.length(this.outer) + (this.own === undefined ? 0 : MutableQueue.length(this.own))
    )
  }

  get owedAnswers(): number {
    return this.owed?.size ?? 0
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    MutableQueue.pollUpTo(this.outer, Number.POSITIVE_INFINITY)
    this.own = undefined
    for (const reply of this.owed ?? []) reply.unsafeGone()
    this.wake()
  }

  private offer(message: Message): ActorGone | MailboxFull | undefined {
    if (this.closed) return new ActorGone({ path: this.path })
    if (!MutableQueue.offer(this.outer, message)) {
      return new MailboxFull({ path: this.path, capacity: this.capacity })
    }
    this.wake()
    return undefined
  }
}
