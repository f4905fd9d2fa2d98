// An event as Hook0 takes it: what its API's `EventPost` asks for, within the limits it states.
//
// The id is the event's own where that is a UUID, and else a UUID made of its identity, so that Hook0
// recognises every repetition. Bodies that Hook0 would refuse are never sent.

import { createHash } from "node:crypto"
import { Either, Schema } from "effect"
import type { Delivery } from "../../../actors/index.js"
import {
  type CloudEvent,
  parseTemplate,
  renderTemplate,
  type Template,
} from "../../../domain/index.js"
import { type Hook0Options, MAX_TEXT_LENGTH } from "./Hook0Options.js"

const MAX_PAYLOAD_LENGTH = 699_050
const MAX_TYPE_LENGTH = 200
/** Of one part of a type's name, where it is registered. */
const MAX_PART_LENGTH = 50

/** The body of a request, under the names of Hook0's API. */
export interface EventPost {
  readonly application_id: string
  readonly event_id: string
  readonly event_type: string
  readonly payload: string
  readonly payload_content_type: string
  readonly occurred_at: string
  readonly labels: Readonly<Record<string, string>>
  readonly metadata: Readonly<Record<string, string>>
}

/** Makes bodies of events; left is why Hook0 would never take one. */
export type MakeEventPost = (delivery: Delivery) => Either.Either<EventPost, string>

export const eventPostMaker = (options: Hook0Options): MakeEventPost => {
  const eventType = options.eventType === undefined ? undefined : templateOf(options.eventType)
  const labels = templatesOf(options.labels ?? {})
  const metadata = templatesOf(options.metadata ?? {})
  return ({ event: journaled, namespace }) =>
    Either.gen(function* () {
      const { event } = journaled
      const type = yield* typeOf(event, eventType)
      const { content, payload } = payloadOf(event)
      if (payload.length > MAX_PAYLOAD_LENGTH) {
        return yield* Either.left(`its data is longer than ${MAX_PAYLOAD_LENGTH} characters`)
      }
      const stated = yield* textsOf("label", labels, event)
      return {
        application_id: options.applicationId,
        event_id: eventId(namespace, event),
        event_type: type,
        payload,
        payload_content_type: content,
        occurred_at: event.time ?? new Date(journaled.acceptedAt).toISOString(),
        labels: Object.keys(stated).length === 0 ? { namespace: shortened(namespace) } : stated,
        metadata: yield* textsOf("metadata", metadata, event),
      }
    })
}

/** Checked when the sink was stored. */
const templateOf = (text: string): Template => Either.getOrThrow(parseTemplate(text))

const templatesOf = (record: Readonly<Record<string, string>>) =>
  Object.entries(record).map(([name, text]) => [name, templateOf(text)] as const)

const CONTROL = /\p{Cc}/u

const typeOf = (
  event: CloudEvent,
  template: Template | undefined,
): Either.Either<string, string> => {
  const stated =
    template === undefined
      ? Either.right(event.type)
      : Either.mapLeft(
          renderTemplate(template, event),
          ({ path }) => `it has no ${path} for its type`,
        )
  return Either.flatMap(stated, (text) => {
    const [service = "", ...rest] = text.split(".")
    const verb = rest.pop() ?? ""
    const parts = [service, rest.join("_"), verb]
    if (parts.some((part) => part === "")) {
      return Either.left(`its type "${text}" does not have the three parts that Hook0 asks for`)
    }
    const name = parts.join(".")
    return name.length > MAX_TYPE_LENGTH || CONTROL.test(name)
      ? Either.left("its type is no name that Hook0 takes")
      : Either.right(name)
  })
}

/** The three parts of a type's name; undefined when Hook0 would not register them. */
export const typeParts = (
  name: string,
): readonly [service: string, resource: string, verb: string] | undefined => {
  const [service, resource, verb] = name.split(".")
  if (service === undefined || resource === undefined || verb === undefined) return undefined
  const parts = [service, resource, verb] as const
  return parts.every((part) => part.length <= MAX_PART_LENGTH) ? parts : undefined
}

const payloadOf = (event: CloudEvent): { readonly payload: string; readonly content: string } => {
  const { data, data_base64, datacontenttype } = event
  if (data_base64 !== undefined) {
    return { payload: data_base64, content: "application/octet-stream+base64" }
  }
  return typeof data === "string" && datacontenttype?.startsWith("text/") === true
    ? { payload: data, content: "text/plain" }
    : { payload: JSON.stringify(data ?? null), content: "application/json" }
}

const textsOf = (
  what: string,
  templates: ReadonlyArray<readonly [name: string, template: Template]>,
  event: CloudEvent,
): Either.Either<Readonly<Record<string, string>>, string> => {
  const texts: Record<string, string> = {}
  for (const [name, template] of templates) {
    const text = Either.getOrUndefined(renderTemplate(template, event))
    if (text === undefined || text === "") continue
    if (text.length > MAX_TEXT_LENGTH) {
      return Either.left(`its ${what} "${name}" is longer than ${MAX_TEXT_LENGTH} characters`)
    }
    texts[name] = text
  }
  return Either.right(texts)
}

const shortened = (namespace: string): string => namespace.slice(0, MAX_TEXT_LENGTH)

const isUuid: (text: string) => boolean = Schema.is(Schema.UUID)

/** RFC 9562, version 8: of the identity of the event, which names no other in its namespace. */
const eventId = (namespace: string, { id, source }: CloudEvent): string => {
  if (isUuid(id)) return id.toLowerCase()
  const bytes = createHash("sha256").update(`${namespace}\u001f${source}\u001f${id}`).digest()
  const hex = bytes.subarray(0, 16).toString("hex")
  const variant = "89ab"[(bytes[8] ?? 0) & 3] ?? "8"
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-")
}
