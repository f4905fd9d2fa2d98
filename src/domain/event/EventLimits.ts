/**
 * Event limits: how large, deep and wide an event from outside may be.
 * Every reader of events takes them, so that no input can cost more than it is allowed to.
 */
import { Schema } from "effect"

const positive = (max: number) => Schema.Int.pipe(Schema.between(1, max))

export const EventLimits = Schema.Struct({
  /** Bytes of one event as it is received, in UTF-8. */
  maxEventBytes: positive(1 << 30),
  /** Bytes of a whole batch as it is received, in UTF-8. */
  maxBatchBytes: positive(1 << 30),
  maxBatchEvents: positive(1_000_000),
  /** Arrays and objects inside each other in `data`. Bounded: JSON is written recursively. */
  maxDepth: positive(512),
  /** Context attributes of one event, extensions included. */
  maxAttributes: positive(10_000),
  /** Characters of an extension's name; the specification recommends at most 20. */
  maxNameLength: positive(1_000),
  /** Characters (UTF-16 units) of one attribute's value. */
  maxAttributeLength: positive(65_536),
}).annotations({ identifier: "EventLimits" })

export type EventLimits = typeof EventLimits.Type

export const defaultEventLimits: EventLimits = {
  maxEventBytes: 1024 * 1024,
  maxBatchBytes: 16 * 1024 * 1024,
  maxBatchEvents: 1000,
  maxDepth: 64,
  maxAttributes: 64,
  maxNameLength: 64,
  maxAttributeLength: 4096,
}
