/**
 * The JSON format of CloudEvents 1.0: text to events and back.
 */
import { Either } from "effect"
import { type CloudEvent, parseCloudEvent } from "./CloudEvent.js"
import { defaultEventLimits, type EventLimits } from "./EventLimits.js"
import {
  BatchTooLarge,
  EventTooLarge,
  InvalidEvent,
  type MalformedJson,
  type TooDeep,
} from "./EventProblem.js"
import { isRecord } from "./JsonData.js"
import { parseJson, utf8LengthAbove } from "./JsonText.js"

/** The event in the JSON format: context attributes first, then extensions, then data. */
export const encodeStructured = (event: CloudEvent): string => JSON.stringify(event)

/** The events in the JSON batch format. */
export const encodeBatch = (events: ReadonlyArray<CloudEvent>): string => JSON.stringify(events)

/**
 * As `encodeStructured`, within the size that a reader of the same limits accepts. For events made
 * in this process, whose size nothing has measured yet.
 */
export const encodeWithin = (
  event: CloudEvent,
  limits: EventLimits = defaultEventLimits,
): Either.Either<string, EventTooLarge> => {
  const json = encodeStructured(event)
  const actualBytes = utf8LengthAbove(json, limits.maxEventBytes)
  return actualBytes === undefined
    ? Either.right(json)
    : Either.left(
        new EventTooLarge({ field: "event", limitBytes: limits.maxEventBytes, actualBytes }),
      )
}

/**
 * The event in a text that `encodeStructured` wrote and that was kept where nobody else writes.
 * Nothing is checked again; text that is not JSON is a defect of the keeper and throws.
 */
export const fromTrustedJson = (json: string): CloudEvent => JSON.parse(json)

/** One event from the JSON format. */
export const eventFromJson = (
  text: string,
  limits: EventLimits = defaultEventLimits,
): Either.Either<CloudEvent, InvalidEvent | EventTooLarge | MalformedJson | TooDeep> =>
  Either.flatMap(jsonOfEvent(text, limits), (value) => parseCloudEvent(value, limits))

/** A batch from the JSON batch format, empty or not: all of its events, or the first problem. */
export const eventsFromJson = (
  text: string,
  limits: EventLimits = defaultEventLimits,
): Either.Either<
  ReadonlyArray<CloudEvent>,
  InvalidEvent | EventTooLarge | BatchTooLarge | MalformedJson | TooDeep
> =>
  Either.flatMap(jsonOfBatch(text, limits), (values) =>
    Either.all(values.map((value, index) => parseCloudEvent(value, limits, index))),
  )

/** The JSON value of a text that should be one event, within the limits of size and depth. */
export const jsonOfEvent = (
  text: string,
  limits: EventLimits,
): Either.Either<unknown, EventTooLarge | MalformedJson | TooDeep> => {
  const bytes = utf8LengthAbove(text, limits.maxEventBytes)
  return bytes === undefined
    ? parseJson(text, limits.maxDepth + 1, "body")
    : Either.left(
        new EventTooLarge({ field: "body", limitBytes: limits.maxEventBytes, actualBytes: bytes }),
      )
}

/** The JSON values of a text that should be a batch, within the limits of size, count and depth. */
export const jsonOfBatch = (
  text: string,
  limits: EventLimits,
): Either.Either<
  ReadonlyArray<unknown>,
  InvalidEvent | EventTooLarge | BatchTooLarge | MalformedJson | TooDeep
> => {
  const bytes = utf8LengthAbove(text, limits.maxBatchBytes)
  if (bytes !== undefined) {
    return Either.left(
      new BatchTooLarge({
        field: "body",
        unit: "bytes",
        limit: limits.maxBatchBytes,
        actual: bytes,
      }),
    )
  }
  return Either.flatMap(parseJson(text, limits.maxDepth + 2, "body"), (value) =>
    membersOfBatch(value, text, limits),
  )
}

const membersOfBatch = (
  value: unknown,
  text: string,
  limits: EventLimits,
): Either.Either<ReadonlyArray<unknown>, InvalidEvent | EventTooLarge | BatchTooLarge> => {
  if (!isArray(value)) {
    const reason = "must be a JSON array of events"
    return Either.left(new InvalidEvent({ field: "batch", reason }))
  }
  if (value.length > limits.maxBatchEvents) {
    return Either.left(
      new BatchTooLarge({
        field: "batch",
        unit: "events",
        limit: limits.maxBatchEvents,
        actual: value.length,
      }),
    )
  }
  // Only a batch larger than one event may be can hold one that is too large.
  if (utf8LengthAbove(text, limits.maxEventBytes) === undefined) return Either.right(value)
  for (const [index, member] of value.entries()) {
    if (!isRecord(member)) continue
    const bytes = utf8LengthAbove(JSON.stringify(member), limits.maxEventBytes)
    if (bytes === undefined) continue
    const field = "event"
    const limitBytes = limits.maxEventBytes
    return Either.left(new EventTooLarge({ index, field, limitBytes, actualBytes: bytes }))
  }
  return Either.right(value)
}

const isArray: (value: unknown) => value is ReadonlyArray<unknown> = Array.isArray
