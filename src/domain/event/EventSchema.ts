/**
 * CloudEvents as Effect Schemas: for documentation, OpenAPI and decoding where speed is no matter.
 * They accept exactly what `parseCloudEvent` accepts under the default limits.
 */
import { Either, ParseResult, Schema } from "effect"
import {
  base64Bytes,
  base64Fault,
  mediaTypeFault,
  nonEmptyFault,
  type Rule,
  stringFault,
  timestampFault,
  uriFault,
} from "./AttributeRules.js"
import { type CloudEvent, coreAttributes, parseCloudEvent } from "./CloudEvent.js"
import { EventId, EventSource, EventType } from "./EventIdentity.js"
import { defaultEventLimits } from "./EventLimits.js"
import { jsonFault } from "./JsonData.js"

const { maxAttributeLength, maxAttributes, maxDepth, maxEventBytes, maxNameLength } =
  defaultEventLimits

const bounded = <A extends string, I>(schema: Schema.Schema<A, I>) =>
  schema.pipe(Schema.filter((text) => text.length <= maxAttributeLength))

const text = (rule: Rule) =>
  bounded(Schema.String.pipe(Schema.filter((value) => rule(value) ?? true)))

/** `null` means absent. */
const nullable = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema))

const ExtensionName = Schema.String.pipe(
  Schema.pattern(new RegExp(`^(?!(?:${coreAttributes.join("|")}|data)$)[a-z0-9]+$`)),
)

const ExtensionValue = Schema.NullishOr(
  Schema.Union(
    text(stringFault),
    Schema.Boolean,
    Schema.Int.pipe(Schema.between(-2147483648, 2147483647)),
  ),
)

/**
 * Written out, because what Schema derives from the pattern of extension names would forbid the
 * names of the specification.
 */
const wireJsonSchema = {
  type: "object",
  description: "An event of CloudEvents 1.0 in the JSON format. null means absent.",
  required: ["specversion", "id", "source", "type"],
  properties: {
    specversion: { type: "string", enum: ["1.0"] },
    id: { type: "string", minLength: 1, description: "Identifies the event within its source." },
    source: {
      type: "string",
      minLength: 1,
      format: "uri-reference",
      description: "The context in which the event happened.",
    },
    type: {
      type: "string",
      minLength: 1,
      description: "The kind of occurrence; segments with dots between them.",
    },
    subject: { type: ["string", "null"], minLength: 1, description: "What the event is about." },
    time: { type: ["string", "null"], format: "date-time", description: "When it happened." },
    datacontenttype: {
      type: ["string", "null"],
      minLength: 1,
      description: "The media type of data; absent means application/json.",
    },
    dataschema: { type: ["string", "null"], format: "uri", description: "The schema of data." },
    data: { description: "The payload: any JSON value." },
    data_base64: {
      type: ["string", "null"],
      contentEncoding: "base64",
      description: "The payload as base64; never together with data.",
    },
  },
  propertyNames: { pattern: "^(?:[a-z0-9]+|data_base64)$", maxLength: maxNameLength },
  additionalProperties: {
    description: "An extension attribute: text, a 32-bit integer or a boolean.",
    type: ["string", "boolean", "integer", "null"],
  },
} as const

/** An event in the JSON format, as it may stand on the wire: `null` attributes, any order. */
export const CloudEventWire = Schema.Struct(
  {
    specversion: Schema.Literal("1.0"),
    id: bounded(EventId),
    source: bounded(EventSource),
    type: bounded(EventType),
    subject: nullable(text(nonEmptyFault)),
    time: nullable(text(timestampFault)),
    datacontenttype: nullable(text(mediaTypeFault)),
    dataschema: nullable(text(uriFault)),
    data: Schema.optional(Schema.Unknown.pipe(Schema.filter((data) => isJson(data)))),
    data_base64: nullable(
      Schema.String.pipe(
        Schema.filter((data) => base64Bytes(data) <= maxEventBytes && (base64Fault(data) ?? true)),
      ),
    ),
  },
  { key: ExtensionName, value: ExtensionValue },
)
  .annotations({ title: "CloudEvent", parseOptions: { onExcessProperty: "error" } })
  .pipe(
    Schema.filter((event) => {
      if (isPresent(event.data) && isPresent(event.data_base64)) {
        return { path: ["data_base64"], message: "must not stand together with data" }
      }
      const names = Object.entries(event).filter(([name, value]) => counts(name, value))
      if (names.some(([name]) => name.length > maxNameLength))
        return "an attribute name is too long"
      return names.length <= maxAttributes || `has more than ${maxAttributes} attributes`
    }),
  )
  .annotations({ identifier: "CloudEventWire", jsonSchema: wireJsonSchema })

const isPresent = (value: unknown) => value !== undefined && value !== null

const isJson = (data: unknown) =>
  data === undefined || jsonFault(data, "data", maxDepth, maxEventBytes) === undefined

const counts = (name: string, value: unknown) =>
  name !== "data" && name !== "data_base64" && isPresent(value)

const Validated = Schema.declare(
  (value): value is CloudEvent => Either.isRight(parseCloudEvent(value)),
  { identifier: "ValidatedCloudEvent" },
)

/** Decodes the wire form to a `CloudEvent`, and encodes one as it is. */
export const CloudEventSchema = Schema.transformOrFail(CloudEventWire, Validated, {
  // The wire side types extensions more closely than an event's index signature can.
  strict: false,
  decode: (wire, _, ast) =>
    Either.mapLeft(
      parseCloudEvent(wire),
      (problem) => new ParseResult.Type(ast, wire, problem.message),
    ),
  encode: (event) => ParseResult.succeed(event),
}).annotations({ identifier: "CloudEvent", jsonSchema: wireJsonSchema })
