/**
 * Event problems: the ways in which something fails to be an event.
 * Facts are in fields; messages are for humans and carry no unescaped text of the sender.
 */
import { Schema } from "effect"

/** The text is not JSON; `position` is the offset in UTF-16 units where reading stopped. */
export class MalformedJson extends Schema.TaggedError<MalformedJson>()("MalformedJson", {
  field: Schema.String,
  position: Schema.optional(Schema.Number),
}) {
  override get message() {
    const where = this.position === undefined ? "" : ` at position ${this.position}`
    return `The ${shown(this.field)} is not well-formed JSON${where}.`
  }
}

/** Bytes, or a percent-encoded header, that are not UTF-8. */
export class InvalidUtf8 extends Schema.TaggedError<InvalidUtf8>()("InvalidUtf8", {
  field: Schema.String,
}) {
  override get message() {
    return `The ${shown(this.field)} is not valid UTF-8.`
  }
}

/** Neither a CloudEvents media type that is read here nor an event in binary mode. */
export class UnsupportedContentType extends Schema.TaggedError<UnsupportedContentType>()(
  "UnsupportedContentType",
  { field: Schema.String, contentType: Schema.optional(Schema.String) },
) {
  override get message() {
    const given =
      this.contentType === undefined
        ? "No content type"
        : `Content type ${quoted(this.contentType)}`
    return `${given} carries no event: send application/cloudevents+json, application/cloudevents-batch+json (UTF-8), or ce-* headers.`
  }
}

/** An attribute or the data breaks a rule of CloudEvents 1.0; `index` is its place in a batch. */
export class InvalidEvent extends Schema.TaggedError<InvalidEvent>()("InvalidEvent", {
  index: Schema.optional(Schema.Number),
  field: Schema.String,
  reason: Schema.String,
}) {
  override get message() {
    const where = this.index === undefined ? "" : `Event ${this.index} of the batch: `
    return `${where}${shown(this.field)} ${this.reason}.`
  }
}

export class EventTooLarge extends Schema.TaggedError<EventTooLarge>()("EventTooLarge", {
  index: Schema.optional(Schema.Number),
  field: Schema.String,
  limitBytes: Schema.Number,
  /** Exact, or the part that had been counted when counting stopped. */
  actualBytes: Schema.Number,
}) {
  override get message() {
    const which = this.index === undefined ? "The event" : `Event ${this.index} of the batch`
    return `${which} has at least ${this.actualBytes} bytes; the limit is ${this.limitBytes}.`
  }
}

export class TooDeep extends Schema.TaggedError<TooDeep>()("TooDeep", {
  index: Schema.optional(Schema.Number),
  field: Schema.String,
  limit: Schema.Number,
}) {
  override get message() {
    const where = this.index === undefined ? "" : ` of event ${this.index} of the batch`
    return `The ${shown(this.field)}${where} is nested deeper than ${this.limit} levels.`
  }
}

export class BatchTooLarge extends Schema.TaggedError<BatchTooLarge>()("BatchTooLarge", {
  field: Schema.String,
  unit: Schema.Literal("events", "bytes"),
  limit: Schema.Number,
  actual: Schema.Number,
}) {
  override get message() {
    return `The batch has at least ${this.actual} ${this.unit}; the limit is ${this.limit}.`
  }
}

/** What can be wrong with a value that is meant to be one event. */
export type EventValueProblem = InvalidEvent | TooDeep | EventTooLarge

export const EventProblem = Schema.Union(
  MalformedJson,
  InvalidUtf8,
  UnsupportedContentType,
  InvalidEvent,
  EventTooLarge,
  TooDeep,
  BatchTooLarge,
)
export type EventProblem = typeof EventProblem.Type

const unprintable = /[^\x20-\x7e]/gu

/** Text of the sender made fit for a message: short, printable ASCII. */
const shown = (text: string) =>
  (text.length > 80 ? `${text.slice(0, 80)}...` : text).replace(unprintable, "?")

const quoted = (text: string) => JSON.stringify(shown(text))
