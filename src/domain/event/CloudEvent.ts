/**
 * CloudEvent: one event of CloudEvents 1.0, in the shape of its JSON format.
 *
 * A value of this type has passed every rule of the specification and the limits it was read with:
 * it can only come from `parseCloudEvent`, `CloudEvent.make` or what is built on them. Its
 * properties stand in the order in which it is written: context attributes, extensions, data.
 */
import { type Brand, Either } from "effect"
import * as Rules from "./AttributeRules.js"
import { defaultEventLimits, type EventLimits } from "./EventLimits.js"
import type { EventId, EventSource, EventType } from "./EventIdentity.js"
import { EventTooLarge, InvalidEvent, TooDeep, type EventValueProblem } from "./EventProblem.js"
import { isRecord, jsonFault, type JsonFault } from "./JsonData.js"

/** What an extension attribute can hold: String, Integer (32 bit) or Boolean. */
export type AttributeValue = string | number | boolean

interface CloudEventShape {
  readonly specversion: "1.0"
  readonly id: EventId
  /** With `id` it identifies the event. */
  readonly source: EventSource
  readonly type: EventType
  readonly subject?: string
  /** RFC 3339. */
  readonly time?: string
  /** A media type; absent means JSON, except with `data_base64`. */
  readonly datacontenttype?: string
  readonly dataschema?: string
  /** A JSON value. Under a content type that is not JSON, a string is the text itself. */
  readonly data?: unknown
  /** Binary data in base64; never together with `data`. */
  readonly data_base64?: string
  /** Extension attributes; read them with `extension`. */
  readonly [extension: string]: unknown
}

export type CloudEvent = CloudEventShape & Brand.Brand<"CloudEvent">

/** What `CloudEvent.make` takes: an event without its version. */
export interface CloudEventInput {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject?: string | undefined
  readonly time?: string | undefined
  readonly datacontenttype?: string | undefined
  readonly dataschema?: string | undefined
  readonly data?: unknown
  readonly data_base64?: string | undefined
  readonly [extension: string]: unknown
}

/** The attributes that CloudEvents 1.0 defines, in the order in which they are written. */
export const coreAttributes = [
  "specversion",
  "id",
  "source",
  "type",
  "subject",
  "time",
  "datacontenttype",
  "dataschema",
] as const

const reserved: ReadonlySet<string> = new Set([...coreAttributes, "data", "data_base64"])

/** Whether a name is one of the specification's own, so no extension can have it. */
export const isReservedName = (name: string) => reserved.has(name)

/**
 * Reads a value as an event: the fields named by the specification, everything else as extensions.
 * `null` (or undefined) means absent. The result is a new object, except that `data` is kept by
 * reference. Fails with the first rule that is broken, and the field's name; `index` is the
 * event's place in a batch, for the error.
 */
export const parseCloudEvent = (
  value: unknown,
  limits: EventLimits = defaultEventLimits,
  index?: number,
): Either.Either<CloudEvent, EventValueProblem> =>
  isRecord(value) ? readEvent(value, limits, index) : invalid("event", "must be an object", index)

export const CloudEvent = {
  /** Makes an event from its attributes, or says which of them breaks a rule. */
  make: (
    input: CloudEventInput,
    limits: EventLimits = defaultEventLimits,
  ): Either.Either<CloudEvent, EventValueProblem> =>
    parseCloudEvent({ ...input, specversion: "1.0" }, limits),
}

const readEvent = (
  value: Readonly<Record<string, unknown>>,
  limits: EventLimits,
  index: number | undefined,
): Either.Either<CloudEvent, EventValueProblem> => {
  const { specversion, id, source, type, data } = value
  if (specversion !== "1.0") {
    return invalid("specversion", absent(specversion) ? "is required" : 'must be "1.0"', index)
  }
  const max = limits.maxAttributeLength
  let reason = requiredFault(id, Rules.nonEmptyFault, max)
  if (reason !== undefined) return invalid("id", reason, index)
  reason = requiredFault(source, Rules.uriReferenceFault, max)
  if (reason !== undefined) return invalid("source", reason, index)
  reason = requiredFault(type, Rules.nonEmptyFault, max)
  if (reason !== undefined) return invalid("type", reason, index)

  const event: Record<string, unknown> = { specversion, id, source, type }
  for (const [name, rule] of optionalRules) {
    const attribute = value[name]
    if (absent(attribute)) continue
    reason = requiredFault(attribute, rule, max)
    if (reason !== undefined) return invalid(name, reason, index)
    event[name] = attribute
  }

  const names = Object.keys(value)
  let count = 0
  for (const name of names) {
    if (reserved.has(name)) {
      if (name !== "data" && name !== "data_base64") count++
      continue
    }
    const attribute = value[name]
    if (absent(attribute)) {
      if (!Rules.attributeNamePattern.test(name)) return invalid(name, nameReason, index)
      continue
    }
    reason = extensionFault(name, attribute, limits)
    if (reason !== undefined) return invalid(name, reason, index)
    event[name] = typeof attribute === "number" ? attribute | 0 : attribute
    count++
  }
  if (count > limits.maxAttributes) {
    return invalid("event", `has more than ${limits.maxAttributes} attributes`, index)
  }

  const base64 = value["data_base64"]
  if (absent(base64)) {
    if (data !== undefined) {
      const fault = jsonFault(data, "data", limits.maxDepth, limits.maxEventBytes)
      if (fault !== undefined) return Either.left(dataProblem(fault, limits, index))
      event["data"] = data
    }
  } else {
    if (typeof base64 !== "string") return invalid("data_base64", "must be a string", index)
    if (!absent(data)) return invalid("data_base64", "must not stand together with data", index)
    const bytes = Rules.base64Bytes(base64)
    if (bytes > limits.maxEventBytes)
      return Either.left(sizeProblem("data_base64", bytes, limits, index))
    reason = Rules.base64Fault(base64)
    if (reason !== undefined) return invalid("data_base64", reason, index)
    event["data_base64"] = base64
  }
  return Either.right(event as CloudEvent)
}

const optionalRules: ReadonlyArray<readonly [string, Rules.Rule]> = [
  ["subject", Rules.nonEmptyFault],
  ["time", Rules.timestampFault],
  ["datacontenttype", Rules.mediaTypeFault],
  ["dataschema", Rules.uriFault],
]

const nameReason = "is no attribute name: only a-z and 0-9 are allowed"

/** Why `value` cannot be the extension `name`, or undefined. */
export const extensionFault = (
  name: string,
  value: unknown,
  limits: EventLimits,
): string | undefined => {
  if (reserved.has(name)) return "is no extension"
  if (!Rules.attributeNamePattern.test(name)) return nameReason
  if (name.length > limits.maxNameLength) {
    return `is a name longer than ${limits.maxNameLength} characters`
  }
  switch (typeof value) {
    case "string":
      return tooLong(value, limits.maxAttributeLength) ?? Rules.stringFault(value)
    case "boolean":
      return undefined
    case "number":
      return (value | 0) === value ? undefined : "must be an integer of 32 bits"
    default:
      return "must be a string, an integer or a boolean"
  }
}

const requiredFault = (value: unknown, rule: Rules.Rule, max: number): string | undefined => {
  if (typeof value !== "string") return absent(value) ? "is required" : "must be a string"
  return tooLong(value, max) ?? rule(value)
}

const tooLong = (text: string, max: number) =>
  text.length > max ? `is longer than ${max} characters` : undefined

const dataProblem = (
  fault: JsonFault,
  limits: EventLimits,
  index: number | undefined,
): EventValueProblem => {
  if (fault.kind === "shape") {
    return new InvalidEvent({ ...at(index), field: short(fault.path), reason: fault.reason })
  }
  if (fault.kind === "depth") {
    return new TooDeep({ ...at(index), field: "data", limit: limits.maxDepth })
  }
  return sizeProblem("data", fault.counted, limits, index)
}

const sizeProblem = (
  field: string,
  actualBytes: number,
  limits: EventLimits,
  index: number | undefined,
) => new EventTooLarge({ ...at(index), field, limitBytes: limits.maxEventBytes, actualBytes })

const absent = (value: unknown): value is null | undefined => value === null || value === undefined

const at = (index: number | undefined) => (index === undefined ? {} : { index })

const invalid = (field: string, reason: string, index: number | undefined) =>
  Either.left(new InvalidEvent({ ...at(index), field: short(field), reason }))

/** A name that the sender chose, of a length fit for an answer. */
const short = (name: string) => (name.length > 128 ? `${name.slice(0, 128)}...` : name)
