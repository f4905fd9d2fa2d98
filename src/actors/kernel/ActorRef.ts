// The outside of an actor: what others may tell, ask and know. A ref stays valid over restarts:
// what it accepts goes to the incarnation of the moment.
//
// - An incarnation owns its mailbox. When it crashes, what it had not taken is discarded and every
//   ask it owes fails with ActorGone; while it closes, messages are refused with ActorGone.
// - Once a restart is decided, messages wait (up to the capacity) for the next incarnation; if that
//   never comes, asks fail with ActorGone.
import type { Effect } from "effect"
import type { ActorGone, MailboxFull } from "./ActorErrors.js"
import type { ActorExit } from "./ActorExit.js"
import type { Reply } from "./Reply.js"

export interface ActorRef<in Message> {
  /** Where it stands in the supervision tree, such as `mesh/acme.example/sinks/hook`. */
  readonly path: string
  readonly kind: string
  /** Returns when the mailbox has the message, not when it was acted on. */
  readonly tell: (message: Message) => Effect.Effect<void, ActorGone | MailboxFull>
  /**
   * Tells and waits for the answer. An actor must not ask itself from a command: it would wait for
   * its own next step.
   */
  readonly ask: <A, E = never>(
    make: (reply: Reply<A, E>) => Message,
  ) => Effect.Effect<A, E | ActorGone | MailboxFull>
  /** The end of its life, all restarts included; by then everything it held is released. */
  readonly awaitExit: Effect.Effect<ActorExit>
  /**
   * Ends it and waits for that. Called from inside the actor (its commands, tasks or descendants)
   * it is a request: it answers `Stopped` at once, and the actor ends after its current message.
   */
  readonly stop: Effect.Effect<ActorExit>
  readonly snapshot: Effect.Effect<ActorSnapshot>
  /** The snapshot with those of the actors below. */
  readonly tree: Effect.Effect<ActorTree>
}

export interface ActorSnapshot {
  readonly path: string
  readonly kind: string
  /** The chart's label, or one of `starting`, `restarting`, `final`, `stopped`, `crashed`. */
  readonly state: string
  /** Since when it is in that state, in milliseconds of the epoch. */
  readonly since: number
  readonly restarts: number
  /** Messages that wait in the mailbox. */
  readonly queueDepth: number
  /** Messages taken since the last start. */
  readonly handled: number
}

export interface ActorTree extends ActorSnapshot {
  readonly children: ReadonlyArray<ActorTree>
}
