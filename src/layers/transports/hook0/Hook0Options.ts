// What a Hook0 sink can be told. The limits are those that Hook0's API states, so that what it would
// refuse of every event is refused when the sink is stored.

import { Duration, Schema } from "effect"
import { durationBetween, TemplateText } from "../../../domain/index.js"

/** Texts of labels and metadata, their names included. */
export const MAX_TEXT_LENGTH = 50
export const MAX_LABELS = 10
export const MAX_METADATA = 50

const named = (limit: number) =>
  Schema.Record({
    key: Schema.NonEmptyString.pipe(Schema.maxLength(MAX_TEXT_LENGTH)),
    value: TemplateText,
  }).pipe(
    Schema.filter((record) => {
      const count = Object.keys(record).length
      return count <= limit || `must not be more than ${limit}`
    }),
  )

const timeout = (most: Duration.DurationInput, preset: Duration.DurationInput) =>
  Schema.optionalWith(durationBetween(Duration.millis(100), Duration.decode(most)), {
    default: () => Duration.decode(preset),
  })

export const Hook0Options = Schema.Struct({
  /** Of the API, such as `https://app.hook0.com/api/v1`; a bare host gets `/api/v1`. */
  apiUrl: Schema.String.pipe(Schema.maxLength(2_048)),
  applicationId: Schema.UUID,
  /**
   * Hook0's name of the event's type, which has three parts: `service.resource.verb`. Default: the
   * event's own type; one of more than three parts has those in the middle joined by underscores.
   */
  eventType: Schema.optional(TemplateText),
  /** Registers types that Hook0 does not know, instead of giving up on their events. */
  createEventTypes: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  /** By which Hook0 routes; 1 to 10. Default: the namespace. What an event does not have is left out. */
  labels: Schema.optional(named(MAX_LABELS)),
  /** 0 to 50. */
  metadata: Schema.optional(named(MAX_METADATA)),
  /** How long an attempt may take in all: 100 ms to 5 min, 15 s by default. */
  timeout: timeout("5 minutes", "15 seconds"),
  /** How long it may take to get a connection: 100 ms to 30 s, 10 s by default. */
  connectTimeout: timeout("30 seconds", "10 seconds"),
})
export type Hook0Options = typeof Hook0Options.Type
export type Hook0OptionsEncoded = typeof Hook0Options.Encoded
