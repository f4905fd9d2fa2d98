// What can go wrong between an actor and those who talk to it or start it.
import { Schema } from "effect"

/** The actor has ended, or ended before it answered. Whether it acted on the message is unknown. */
export class ActorGone extends Schema.TaggedError<ActorGone>()("ActorGone", {
  path: Schema.String,
}) {
  override get message() {
    return `The actor ${this.path} has ended`
  }
}

/** The mailbox holds as many messages as it may; this one was not accepted. */
export class MailboxFull extends Schema.TaggedError<MailboxFull>()("MailboxFull", {
  path: Schema.String,
  capacity: Schema.Number,
}) {
  override get message() {
    return `The mailbox of ${this.path} is full (${this.capacity} messages)`
  }
}

/** The actor ended before its initial commands were performed; nothing of it is left. */
export class ActorStartFailed extends Schema.TaggedError<ActorStartFailed>()("ActorStartFailed", {
  path: Schema.String,
  kind: Schema.String,
  reason: Schema.String,
  cause: Schema.Defect,
}) {
  override get message() {
    return `The ${this.kind} actor ${this.path} did not start: ${this.reason}`
  }
}

/** The supervisor already has a child under this key. */
export class ChildExists extends Schema.TaggedError<ChildExists>()("ChildExists", {
  path: Schema.String,
}) {
  override get message() {
    return `There already is an actor at ${this.path}`
  }
}
