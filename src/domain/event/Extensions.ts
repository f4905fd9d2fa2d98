/**
 * Reading and changing the attributes of an event by name.
 */
import { Either } from "effect"
import {
  type AttributeValue,
  type CloudEvent,
  coreAttributes,
  isReservedName,
  parseCloudEvent,
} from "./CloudEvent.js"
import { defaultEventLimits, type EventLimits } from "./EventLimits.js"
import { type EventValueProblem, InvalidEvent } from "./EventProblem.js"

const isAttributeValue = (value: unknown): value is AttributeValue =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean"

const core: ReadonlySet<string> = new Set(coreAttributes)

const own = (event: CloudEvent, name: string): AttributeValue | undefined => {
  if (!Object.hasOwn(event, name)) return undefined
  const value = event[name]
  return isAttributeValue(value) ? value : undefined
}

/** The value of an extension attribute, or undefined where the event has none of that name. */
export const extension = (event: CloudEvent, name: string): AttributeValue | undefined =>
  isReservedName(name) ? undefined : own(event, name)

/** The value of any context attribute, the specification's own or an extension; never data. */
export const attribute = (event: CloudEvent, name: string): AttributeValue | undefined =>
  core.has(name) || !isReservedName(name) ? own(event, name) : undefined

/** The extension attributes, in the order in which they are written. */
export const extensions = (event: CloudEvent): ReadonlyArray<readonly [string, AttributeValue]> =>
  Object.entries(event).flatMap(([name, value]) =>
    !isReservedName(name) && isAttributeValue(value) ? [[name, value] as const] : [],
  )

/**
 * The event with an extension set, or removed where `value` is undefined. Fails where the name or
 * the value is none that an extension can have.
 */
export const withExtension = (
  event: CloudEvent,
  name: string,
  value: AttributeValue | undefined,
  limits: EventLimits = defaultEventLimits,
): Either.Either<CloudEvent, EventValueProblem> =>
  isReservedName(name)
    ? Either.left(new InvalidEvent({ field: name, reason: "is no extension" }))
    : parseCloudEvent({ ...event, [name]: value }, limits)

/** The extension `partitionkey` ("Partitioning"): what orders the event; an empty one counts as none. */
export const partitionKey = (event: CloudEvent): string | undefined => {
  const key = extension(event, "partitionkey")
  return typeof key === "string" && key !== "" ? key : undefined
}
