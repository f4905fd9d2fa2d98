// The return address inside a message. The first answer counts, later ones are ignored; if the actor
// that was asked ends without answering, the asker gets ActorGone.
import { Cause, Deferred, Effect, Exit } from "effect"
import { ActorGone } from "./ActorErrors.js"

export interface Reply<in A, in E = never> {
  readonly succeed: (value: A) => Effect.Effect<void>
  readonly fail: (error: E) => Effect.Effect<void>
  /** An interrupted exit answers ActorGone, a defect becomes a defect of the asker. */
  readonly fromExit: (exit: Exit.Exit<A, E>) => Effect.Effect<void>
  /** Runs the effect and answers with its exit, also when it is interrupted. Never fails itself. */
  readonly complete: <R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<void, never, R>
}

/** A reply as the mailbox that waits for it sees it. */
export class PendingReply<A, E> implements Reply<A, E> {
  readonly answer: Deferred.Deferred<A, E | ActorGone>
  private readonly path: string

  constructor(answer: Deferred.Deferred<A, E | ActorGone>, path: string) {
    this.answer = answer
    this.path = path
  }

  succeed(value: A): Effect.Effect<void> {
    return Effect.asVoid(Deferred.succeed(this.answer, value))
  }

  fail(error: E): Effect.Effect<void> {
    return Effect.asVoid(Deferred.fail(this.answer, error))
  }

  fromExit(exit: Exit.Exit<A, E>): Effect.Effect<void> {
    return Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
      ? Effect.sync(() => this.unsafeGone())
      : Effect.asVoid(Deferred.done(this.answer, exit))
  }

  complete<R>(effect: Effect.Effect<A, E, R>): Effect.Effect<void, never, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.exit(restore(effect)), (exit) => this.fromExit(exit)),
    )
  }

  unsafeGone(): void {
    Deferred.unsafeDone(this.answer, Exit.fail(new ActorGone({ path: this.path })))
  }
}
