// Events that a database describes itself: rows of event tables (a transactional outbox), and
// messages that `pg_logical_emit_message` wrote. What they say is checked like any event from outside.

import { Either } from "effect"
import {
  type CloudEvent,
  CloudEvent as CloudEvents,
  defaultEventLimits,
  parseJson,
} from "../event/index.js"
import type { TransactionStamp } from "./ChangeEvent.js"
import type { Row } from "./RelationShape.js"

/** A description, or why it is none. */
export type Described = Either.Either<CloudEvent, string>

/** The columns of an event table that mean something. All but the first two may be missing. */
export const eventTableColumns = [
  "event_id",
  "event_type",
  "created_at",
  "payload",
  "labels",
  "metadata",
  "subject",
  "partition_key",
] as const

/** `labels` and `metadata` go with the event as extensions of these names, as JSON. */
export const eventOfRow = (
  row: Row,
  source: string,
  stamp: Pick<TransactionStamp, "time">,
): Described => {
  const { event_id: id, event_type: type, payload } = row
  if (!isText(id)) return Either.left("event_id is missing")
  if (!isText(type)) return Either.left("event_type is missing")
  return checked({
    id,
    source,
    type,
    subject: textOf(row["subject"]),
    time: zonedTime(row["created_at"]) ?? stamp.time,
    partitionkey: textOf(row["partition_key"]),
    labels: jsonText(row["labels"]),
    metadata: jsonText(row["metadata"]),
    ...(payload === null || payload === undefined
      ? {}
      : { datacontenttype: "application/json", data: payload }),
  })
}

export interface DescribedMessage {
  readonly event: CloudEvent
  /** The namespace that it names. */
  readonly namespace: string | undefined
}

/**
 * A message is a JSON object with the attributes of an event and `data`; `type` is required, and
 * `namespace` may name a namespace.
 */
export const eventOfMessage = (
  content: string,
  source: string,
  id: string,
  time: string,
): Either.Either<DescribedMessage, string> =>
  Either.gen(function* () {
    const parsed = parseJson(content, defaultEventLimits.maxDepth + 1, "content")
    const value = yield* Either.mapLeft(parsed, ({ message }) => message)
    if (!isObject(value)) return yield* Either.left("it is no JSON object")
    const { namespace, type, specversion: _, ...rest } = value
    if (!isText(type)) return yield* Either.left("type is missing")
    const event = yield* checked({
      ...rest,
      type,
      id: rest["id"] ?? id,
      source: rest["source"] ?? source,
      time: rest["time"] ?? time,
    })
    return { event, namespace: isText(namespace) ? namespace : undefined }
  })

const checked = (attributes: Readonly<Record<string, unknown>>): Described => {
  const { id, source, type, ...rest } = attributes
  if (!isText(id)) return Either.left("id: must be a text that is not empty")
  if (!isText(source)) return Either.left("source: must be a text that is not empty")
  if (!isText(type)) return Either.left("type: must be a text that is not empty")
  return Either.mapLeft(CloudEvents.make({ ...rest, id, source, type }), ({ message }) => message)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

const textOf = (value: unknown): string | undefined =>
  isText(value) ? value : typeof value === "number" ? String(value) : undefined

const hasZone = /(?:Z|[+-]\d\d:\d\d)$/

/** A time without a zone is UTC. */
const zonedTime = (value: unknown): string | undefined =>
  !isText(value) || !/^\d{4}-\d\d-\d\dT/.test(value)
    ? undefined
    : hasZone.test(value)
      ? value
      : `${value}Z`

/** JSON in characters that an attribute may hold. */
const jsonText = (value: unknown): string | undefined =>
  value === null || value === undefined
    ? undefined
    : JSON.stringify(value).replace(
        /[\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]/g,
        (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
      )
