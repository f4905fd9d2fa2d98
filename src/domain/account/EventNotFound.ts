/**
 * An event that was never accepted: one that has left the journal was.
 */
import { Schema } from "effect"
import { Sequence } from "../journal/index.js"
import { NamespaceName } from "../namespace/index.js"

export class EventNotFound extends Schema.TaggedError<EventNotFound>()("EventNotFound", {
  namespace: NamespaceName,
  sequence: Sequence,
}) {
  override get message(): string {
    return `There is no event ${this.sequence} in "${this.namespace}".`
  }
}
