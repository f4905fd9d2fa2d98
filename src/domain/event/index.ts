/** Events: CloudEvents 1.0 as values, their rules and their wire formats. */
export {
  type AttributeValue,
  CloudEvent,
  type CloudEventInput,
  coreAttributes,
  isReservedName,
  parseCloudEvent,
} from "./CloudEvent.js"
export {
  batchContentType,
  dataKindOf,
  type HttpMode,
  modeOf,
  structuredContentType,
} from "./ContentType.js"
export * from "./DecodeHttp.js"
export * from "./EncodeHttp.js"
export * from "./EventIdentity.js"
export {
  encodeBatch,
  encodeStructured,
  encodeWithin,
  eventFromJson,
  eventsFromJson,
  fromTrustedJson,
} from "./EventJson.js"
export * from "./EventLimits.js"
export * from "./EventProblem.js"
export * from "./EventSchema.js"
export * from "./Extensions.js"
export { decodeHeaderValue, encodeHeaderValue } from "./HeaderValue.js"
export { jsonFault } from "./JsonData.js"
export { parseJson, utf8Length, utf8LengthAbove } from "./JsonText.js"
export { mend, type Mended, type MendedEvent, type Supplies } from "./MendEvent.js"
export * from "./TraceContext.js"
