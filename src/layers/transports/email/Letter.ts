// A mail about one event, or about several of one cause: their type and subject.
//
// Alerts say in words what happened; of other events the data is shown. Everything that comes from an
// event is text: one line in the subject, escaped in the page, cut to a length that people read.

import { createHash } from "node:crypto"
import type { Delivery } from "../../../actors/index.js"
import { type CloudEvent, parseTemplate, reasonOf, renderTemplate } from "../../../domain/index.js"
import { Either, Option, Schema } from "effect"

export interface Letter {
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The same for the same deliveries, so that a mail sent twice can be told from two mails. */
  readonly messageId: string
}

const MAX_SUBJECT = 200
const MAX_EXCERPT = 2_000

/** What alerts have in their data, as far as a mail shows it. */
const AlertData = Schema.Struct({
  text: Schema.String,
  count: Schema.Number,
  since: Schema.String,
  namespace: Schema.optional(Schema.String),
  deadLetter: Schema.optional(Schema.String),
  event: Schema.optional(
    Schema.Struct({ source: Schema.String, id: Schema.String, type: Schema.String }),
  ),
  excerpt: Schema.optional(Schema.String),
})
type AlertData = typeof AlertData.Type

const decodeAlert = Schema.decodeUnknownOption(AlertData)

type Fact = readonly [name: string, value: string]

/** About deliveries of one cause, the latest last; there is at least one. */
export const letterOf = (
  deliveries: readonly [Delivery, ...ReadonlyArray<Delivery>],
  subject: string | undefined,
): Letter => {
  const [first] = deliveries
  const latest = deliveries[deliveries.length - 1] ?? first
  const { event } = latest.event
  const alert =
    event.source === "/eventloom" ? Option.getOrUndefined(decodeAlert(event.data)) : undefined
  const happened = deliveries.reduce((sum, delivery) => sum + countOf(delivery), 0)
  const what = alert?.text ?? `${event.type}${about(event.subject)}`
  const facts = factsOf(latest, alert, happened)
  const excerpt = excerptOf(event, alert)
  const instruction = howToRedeliver(alert)
  return {
    subject: subjectOf(event, subject, what, happened),
    text: [
      what,
      "",
      ...facts.map(([name, value]) => `${name}: ${value}`),
      ...(excerpt === "" ? [] : ["", excerpt]),
      ...(instruction === undefined ? [] : ["", "To have it tried again:", `  ${instruction}`]),
      "",
    ].join("\n"),
    html: page(what, facts, excerpt, instruction),
    messageId: messageIdOf(deliveries),
  }
}

/** Deliveries by cause, in order of arrival: a mail each. */
export const causeOf = ({ event: { event } }: Delivery): string =>
  JSON.stringify([event.source, event.type, event.subject])

const countOf = ({ event: { event } }: Delivery): number =>
  event.source === "/eventloom"
    ? Option.match(decodeAlert(event.data), { onNone: () => 1, onSome: ({ count }) => count })
    : 1

const about = (subject: string | undefined) => (subject === undefined ? "" : ` (${subject})`)

const subjectOf = (
  event: CloudEvent,
  template: string | undefined,
  what: string,
  happened: number,
): string => {
  const stated =
    template === undefined
      ? undefined
      : Either.getOrUndefined(
          Either.flatMap(parseTemplate(template), (parsed) => renderTemplate(parsed, event)),
        )
  const place = event.subject === undefined ? "" : `${event.subject}: `
  const times = happened > 1 ? ` (${happened} times)` : ""
  return reasonOf(stated ?? `[Eventloom] ${place}${what}${times}`).slice(0, MAX_SUBJECT)
}

const factsOf = (
  { event: { event, sequence }, namespace }: Delivery,
  alert: AlertData | undefined,
  happened: number,
): ReadonlyArray<Fact> => {
  const facts: Array<Fact> = [["Topic", event.type]]
  // Some alerts are about no namespace.
  const about = alert === undefined ? namespace : alert.namespace
  if (about !== undefined) facts.push(["Namespace", about])
  if (event.subject !== undefined) facts.push(["Subject", event.subject])
  if (happened > 1) facts.push(["How often", `${happened} times`])
  if (alert !== undefined && happened > 1) facts.push(["Since", alert.since])
  if (event.time !== undefined) facts.push(["Time", event.time])
  const failed = alert?.event
  if (failed !== undefined) {
    facts.push(["Event", `${failed.type}, ${failed.id} of ${failed.source}`])
  } else if (alert === undefined) {
    facts.push(["Event", `${event.id} of ${event.source}, sequence ${sequence}`])
  }
  if (alert?.deadLetter !== undefined) facts.push(["Dead letter", alert.deadLetter])
  return facts.map(([name, value]) => [name, reasonOf(value)])
}

const excerptOf = ({ data }: CloudEvent, alert: AlertData | undefined): string => {
  if (alert !== undefined) return alert.excerpt ?? ""
  if (data === undefined) return ""
  const text = typeof data === "string" ? data : JSON.stringify(data, undefined, 2)
  return text.length > MAX_EXCERPT ? `${text.slice(0, MAX_EXCERPT)}…` : text
}

const howToRedeliver = (alert: AlertData | undefined): string | undefined =>
  alert?.deadLetter === undefined || alert.namespace === undefined
    ? undefined
    : `eventloom dead-letters redeliver ${alert.namespace} ${alert.deadLetter}`

const messageIdOf = (deliveries: ReadonlyArray<Delivery>): string => {
  const hash = createHash("sha256")
  for (const { id } of deliveries) hash.update(id).update("\n")
  return `<${hash.digest("base64url")}@eventloom>`
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
}
const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => escapes[sign] ?? sign)

const page = (
  what: string,
  facts: ReadonlyArray<Fact>,
  excerpt: string,
  instruction: string | undefined,
): string => {
  const cell = "padding:4px 16px 4px 0;vertical-align:top"
  const rows = facts.map(
    ([name, value]) =>
      `<tr><td style="${cell};color:#666">${escaped(name)}</td><td style="${cell}">${escaped(value)}</td></tr>`,
  )
  const block = (text: string) =>
    `<pre style="background:#f4f4f4;padding:12px;border-radius:4px;white-space:pre-wrap;font-size:13px">${escaped(text)}</pre>`
  return [
    '<!doctype html><html><body style="font-family:system-ui,sans-serif;font-size:15px;color:#222;max-width:44em">',
    `<p style="font-size:17px;font-weight:600">${escaped(what)}</p>`,
    `<table style="border-collapse:collapse">${rows.join("")}</table>`,
    excerpt === "" ? "" : block(excerpt),
    instruction === undefined ? "" : `<p>To have it tried again:</p>${block(instruction)}`,
    "</body></html>",
  ].join("\n")
}
