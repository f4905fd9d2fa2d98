// What can be wrong with the entries of a catalogue, and with events that they describe.

import { Schema } from "effect"
import { CataloguedType, CatalogueOwner } from "./EventTypeEntry.js"
import { NamespaceName } from "../namespace/index.js"

export class EventTypeNotFound extends Schema.TaggedError<EventTypeNotFound>()(
  "EventTypeNotFound",
  { owner: CatalogueOwner, type: CataloguedType },
) {
  override get message(): string {
    const whose = this.owner._tag === "Namespace" ? "namespace" : "host type"
    return `The ${whose} "${this.owner.name}" has no event type "${this.type}".`
  }
}

/** The catalogue is as large as it may be. */
export class CatalogueFull extends Schema.TaggedError<CatalogueFull>()("CatalogueFull", {
  unit: Schema.Literal("types", "characters"),
  limit: Schema.Number,
}) {
  override get message(): string {
    return `A catalogue has at most ${this.limit} ${this.unit}.`
  }
}

/** An event does not carry what its type is registered to carry. Nothing of the publish was stored. */
export class SchemaMismatch extends Schema.TaggedError<SchemaMismatch>()("SchemaMismatch", {
  namespace: NamespaceName,
  type: Schema.String,
  /** Its place among the events published with it. */
  index: Schema.Number,
  /** What has to change, such as `data.total`. */
  field: Schema.String,
  /** The same in the event, as a JSON pointer (RFC 6901), such as `/data/total`. */
  pointer: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `An event of the type "${this.type}" does not match its schema: ${this.pointer} ${this.reason}.`
  }
}

/** The namespace takes registered types only. Nothing of the publish was stored. */
export class UnregisteredType extends Schema.TaggedError<UnregisteredType>()("UnregisteredType", {
  namespace: NamespaceName,
  type: Schema.String,
  index: Schema.Number,
}) {
  override get message(): string {
    return `The namespace "${this.namespace}" takes registered types only, and "${this.type}" is none.`
  }
}
