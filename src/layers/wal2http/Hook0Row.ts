// A row of an event table as an event for Hook0: the columns event_id, event_type, created_at, payload,
// labels and metadata, under the limits of Hook0's API.
//
// The payload stays the text that the database sent, digit for digit. A row that Hook0 would refuse is
// never sent: it says here what is wrong with it.

import { Either, Schema } from "effect"
import { parseJson, Wal } from "../../domain/index.js"
import type { EventPost } from "../transports/hook0/Hook0Event.js"
import { MAX_LABELS, MAX_METADATA, MAX_TEXT_LENGTH } from "../transports/hook0/Hook0Options.js"

/** The columns of an event table; it is one when it has the first two. */
export const eventColumns = [
  "event_id",
  "event_type",
  "created_at",
  "payload",
  "labels",
  "metadata",
] as const
export type EventColumn = (typeof eventColumns)[number]

/** What a column holds; `text` is undefined for null. */
export interface EventCell {
  readonly text: string | undefined
  readonly typeOid: Wal.Oid
}

/** Columns that the table has. */
export type EventRow = Partial<Readonly<Record<EventColumn, EventCell>>>

const MAX_PAYLOAD_LENGTH = 699_050
const MAX_TYPE_LENGTH = 200
const MAX_DEPTH = 48

const isUuid: (text: string) => boolean = Schema.is(Schema.UUID)

export interface RowContext {
  readonly applicationId: string
  /** `schema.table`. Hook0 asks for a label: one without any has this one. */
  readonly table: string
  /** When the transaction was committed, in RFC 3339; of events that do not say when they happened. */
  readonly committedAt: string
}

/** Left is why Hook0 would never take it. */
export const eventPostOfRow = (
  row: EventRow,
  { applicationId, committedAt, table }: RowContext,
): Either.Either<EventPost, string> =>
  Either.gen(function* () {
    const id = row.event_id?.text ?? ""
    if (!isUuid(id)) return yield* Either.left("event_id is no UUID")
    const type = row.event_type?.text ?? ""
    if (type === "" || type.length > MAX_TYPE_LENGTH || /\p{Cc}/u.test(type)) {
      return yield* Either.left(`event_type is not 1 to ${MAX_TYPE_LENGTH} characters`)
    }
    const { content, payload } = payloadOf(row.payload)
    if (payload.length > MAX_PAYLOAD_LENGTH) {
      return yield* Either.left(`payload is longer than ${MAX_PAYLOAD_LENGTH} characters`)
    }
    const labels = yield* textsOf("labels", row.labels, MAX_LABELS)
    return {
      application_id: applicationId,
      event_id: id.toLowerCase(),
      event_type: type,
      payload,
      payload_content_type: content,
      occurred_at: timeOf(row.created_at) ?? committedAt,
      labels:
        Object.keys(labels).length === 0 ? { table: table.slice(0, MAX_TEXT_LENGTH) } : labels,
      metadata: yield* textsOf("metadata", row.metadata, MAX_METADATA),
    }
  })

const isJson = ({ text, typeOid }: EventCell): boolean =>
  typeOid === json ||
  typeOid === jsonb ||
  Either.isRight(parseJson(text ?? "", MAX_DEPTH, "payload"))

const payloadOf = (
  cell: EventCell | undefined,
): { readonly payload: string; readonly content: string } => {
  if (cell?.text === undefined) return { payload: "null", content: "application/json" }
  return { payload: cell.text, content: isJson(cell) ? "application/json" : "text/plain" }
}

const json: Wal.Oid = 114
const jsonb: Wal.Oid = 3802
const timestamp: Wal.Oid = 1114

const readZoned = Wal.scalarReader("timestamptz", { numbers: "exact" })
const readZoneless = Wal.scalarReader("timestamp", { numbers: "exact" })

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** RFC 3339, and UTC where there is no zone; undefined for what is no such time, such as infinity. */
const timeOf = (cell: EventCell | undefined): string | undefined => {
  if (cell?.text === undefined) return undefined
  const stated =
    cell.typeOid === timestamp
      ? `${String(readZoneless(cell.text))}Z`
      : String(readZoned(cell.text))
  return rfc3339.test(stated) ? stated : undefined
}

/** A JSON object as names and texts: what is no text is written as JSON, what is null left out. */
const textsOf = (
  name: EventColumn,
  cell: EventCell | undefined,
  limit: number,
): Either.Either<Readonly<Record<string, string>>, string> =>
  Either.gen(function* () {
    if (cell?.text === undefined) return {}
    const parsed = yield* Either.mapLeft(
      parseJson(cell.text, MAX_DEPTH, name),
      ({ message }) => message,
    )
    if (parsed === null) return {}
    if (typeof parsed !== "object" || Array.isArray(parsed)) {
      return yield* Either.left(`${name} is no JSON object`)
    }
    const texts: Array<readonly [string, string]> = []
    for (const [key, value] of Object.entries(parsed)) {
      if (value === null || value === "") continue
      if (typeof value === "number" && !Number.isSafeInteger(value) && Number.isInteger(value)) {
        return yield* Either.left(`${name} has a number that only a text can hold`)
      }
      const text = typeof value === "string" ? value : JSON.stringify(value)
      if (key === "" || key.length > MAX_TEXT_LENGTH || text.length > MAX_TEXT_LENGTH) {
        return yield* Either.left(
          `${name} has a name or value of more than ${MAX_TEXT_LENGTH} characters, or none`,
        )
      }
      texts.push([key, text])
    }
    if (texts.length > limit) return yield* Either.left(`${name} has more than ${limit} members`)
    return Object.fromEntries(texts)
  })
