// What a test and the mesh in its child process say to each other, as JSON over the channel of `fork`.

import { Schema } from "effect"

/** What the child process is started with, as JSON in its first argument. */
export const ProcessOptions = Schema.Struct({
  store: Schema.Union(
    Schema.TaggedStruct("Embedded", { dataDir: Schema.String }),
    Schema.TaggedStruct("Postgres", { url: Schema.String, schema: Schema.String }),
  ),
  /** How long deliveries in flight may take to end when the process is asked to stop. */
  drainMillis: Schema.Number,
  /** Rows that a removal deletes in one write: few, so that a kill falls between writes. */
  purgeRows: Schema.Number,
  /** Breakers open after so many failures in a row, and probe at least this often. */
  breaker: Schema.Struct({ failures: Schema.Number, probeMaxMillis: Schema.Number }),
})
export type ProcessOptions = typeof ProcessOptions.Type
export const ProcessOptionsText = Schema.parseJson(ProcessOptions)

const inNamespace = { namespace: Schema.String }
const ofSubscription = { ...inNamespace, subscription: Schema.String }

export const Command = Schema.Union(
  Schema.TaggedStruct("PutNamespace", inNamespace),
  Schema.TaggedStruct("PutSink", {
    ...inNamespace,
    sink: Schema.String,
    input: Schema.Struct(
      { kind: Schema.String },
      Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    ),
  }),
  Schema.TaggedStruct("PutSubscription", { ...ofSubscription, spec: Schema.Unknown }),
  Schema.TaggedStruct("Pause", ofSubscription),
  Schema.TaggedStruct("Resume", ofSubscription),
  Schema.TaggedStruct("Publish", { ...inNamespace, events: Schema.Array(Schema.Unknown) }),
  Schema.TaggedStruct("Remove", { ...inNamespace, waitMillis: Schema.Number }),
  Schema.TaggedStruct("Standing", { namespaces: Schema.Array(Schema.String) }),
  /** Sets the wall clock of the process off by so much; timers go on as they were. */
  Schema.TaggedStruct("SetClockOff", { millis: Schema.Number }),
)
export type Command = typeof Command.Type

export const Request = Schema.Struct({ id: Schema.Number, command: Command })
export type Request = typeof Request.Type

export const Receipts = Schema.Array(
  Schema.Struct({ id: Schema.String, sequence: Schema.Number, duplicate: Schema.Boolean }),
)
export type Receipts = typeof Receipts.Type

/** How far everything is. */
export const Standing = Schema.Struct({
  subscriptions: Schema.Array(
    Schema.Struct({ ...ofSubscription, state: Schema.String, lag: Schema.Number }),
  ),
  inFlight: Schema.Number,
  deferred: Schema.Number,
  parkedSinks: Schema.Number,
})
export type Standing = typeof Standing.Type

/** What the child says unasked, and its answers. */
export const Message = Schema.Union(
  /** The mesh is up; these removals were cut off before, with so many steps done, and go on. */
  Schema.TaggedStruct("Ready", {
    removals: Schema.Array(Schema.Struct({ namespace: Schema.String, stepsDone: Schema.Number })),
  }),
  Schema.TaggedStruct("Failed", { error: Schema.String, message: Schema.String }),
  Schema.TaggedStruct("Answer", { id: Schema.Number, value: Schema.Unknown }),
  Schema.TaggedStruct("Refusal", {
    id: Schema.Number,
    error: Schema.String,
    message: Schema.String,
  }),
)
export type Message = typeof Message.Type
export type CutOffRemovals = Extract<Message, { _tag: "Ready" }>["removals"]
