/**
 * What orders an event among others: events of one key are delivered one after the other.
 */
import { Option } from "effect"

const text = (value: unknown): Option.Option<string> =>
  typeof value === "string" && value !== "" ? Option.some(value) : Option.none()

/**
 * The key of an event: its `partitionkey` extension, else its `subject`, else none, which means that
 * the event has no order to keep. An empty or non-text value counts as absent.
 */
export const orderKey = (attributes: {
  readonly partitionkey?: unknown
  readonly subject?: unknown
}): Option.Option<string> =>
  Option.orElse(text(attributes.partitionkey), () => text(attributes.subject))
