/**
 * Transforms, checked and made ready.
 *
 * Applying one never throws. The result has passed the same rules as an event that is published, and
 * is no larger than one may be; what is not is a failure with its reason.
 */
import { Either } from "effect"
import {
  type CelFault,
  type CelType,
  type CelValue,
  compileCel,
  type CompiledCel,
  isFault,
  toJson,
} from "../cel/index.js"
import {
  type CloudEvent,
  dataKindOf,
  defaultEventLimits,
  encodeWithin,
  type EventLimits,
  parseCloudEvent,
} from "../event/index.js"
import { EvaluationBudget } from "../expression/index.js"
import { JournaledEvent } from "../journal/index.js"
import { InvalidSetting } from "../namespace/index.js"
import { type Reason, reasonOf } from "../delivery/index.js"
import type { Transform } from "./Transform.js"

/** What is delivered in place of an event, or why nothing can be. */
export type CompiledTransform = (event: JournaledEvent) => Either.Either<JournaledEvent, Reason>

export const compileTransform = (
  transform: Transform,
  limits: EventLimits = defaultEventLimits,
): Either.Either<CompiledTransform, InvalidSetting> =>
  Either.map(
    Either.all({
      data: part("data", transform.data),
      type: part("type", transform.type, ["string"]),
      subject: part("subject", transform.subject, ["string", "null"]),
    }),
    (parts) => (journaled) => Either.mapLeft(apply(parts, journaled, limits), reasonOf),
  )

type Part = CompiledCel | undefined

interface Parts {
  readonly data: Part
  readonly type: Part
  readonly subject: Part
}

const part = (
  name: keyof Parts,
  text: string | undefined,
  types?: ReadonlyArray<CelType>,
): Either.Either<Part, InvalidSetting> => {
  if (text === undefined) return Either.right(undefined)
  const field = `transform.${name}`
  const compiled = compileCel(text)
  if (Either.isLeft(compiled)) return Either.left(new InvalidSetting({ field, ...compiled.left }))
  const { type } = compiled.right
  if (types !== undefined && type !== "dyn" && !types.includes(type)) {
    const reason = `is of type ${type}, and must be ${types.join(" or ")}`
    return Either.left(new InvalidSetting({ field, reason, position: 0 }))
  }
  return Either.right(compiled.right)
}

const apply = (
  { data, type, subject }: Parts,
  journaled: JournaledEvent,
  limits: EventLimits,
): Either.Either<JournaledEvent, string> => {
  const { event } = journaled
  const budget = new EvaluationBudget()
  const made: Record<string, unknown> = { ...event }
  if (type !== undefined) {
    const value = type.evaluate(event, budget)
    if (typeof value !== "string") return failed("type", value, "a string")
    made["type"] = value
  }
  if (subject !== undefined) {
    const value = subject.evaluate(event, budget)
    if (typeof value !== "string" && value !== null)
      return failed("subject", value, "a string or null")
    made["subject"] = value
  }
  if (data !== undefined) {
    const value = data.evaluate(event, budget)
    const json = isFault(value) ? value : toJson(value, budget)
    if (isFault(json)) return failed("data", json, "JSON")
    withData(made, event, json)
  }
  return Either.mapLeft(
    Either.flatMap(parseCloudEvent(made, limits), (result) =>
      Either.map(
        encodeWithin(result, limits),
        (text) =>
          new JournaledEvent(journaled.sequence, result.type, text, journaled.acceptedAt, result),
      ),
    ),
    ({ message }) => message,
  )
}

/** JSON in place of the data; a schema of what was there does not describe it. */
const withData = (made: Record<string, unknown>, event: CloudEvent, data: unknown): void => {
  delete made["data_base64"]
  delete made["dataschema"]
  const { datacontenttype } = event
  if (datacontenttype !== undefined && dataKindOf(datacontenttype) !== "json")
    made["datacontenttype"] = "application/json"
  made["data"] = data
}

const failed = (name: string, value: CelValue | CelFault, wanted: string) =>
  Either.left(
    isFault(value)
      ? `transform.${name}: ${value.reason} (at position ${value.position})`
      : `transform.${name}: the result is not ${wanted}`,
  )
