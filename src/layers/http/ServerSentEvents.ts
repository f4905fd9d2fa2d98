// What follows a namespace as server-sent events (WHATWG HTML, section 9.2).
//
// Every event of the mesh is one of the type `message`, which is what `EventSource` calls `onmessage`
// for: named by CloudEvents types, nobody could listen to a pattern of them. The id is the sequence,
// so that a client which reconnects goes on where it was; an ephemeral event has none.

import type { Followed, FollowEnd } from "../../actors/index.js"
import type { JournaledEvent, Sequence } from "../../domain/index.js"

export const eventStreamContentType = "text/event-stream"

const lineBreak = /\r\n|\r|\n/g

/** A field whose value may have lines; each goes on a line of its own. */
const data = (text: string): string => `data: ${text.replace(lineBreak, "\ndata: ")}\n`

const message = ({ sequence, json }: JournaledEvent): string =>
  `${sequence === 0 ? "" : `id: ${sequence}\n`}event: message\n${data(json)}\n`

const note = (name: string, value: unknown): string =>
  `event: ${name}\n${data(JSON.stringify(value))}\n`

/** How long a client should wait before it connects again. */
export const retryHint = (millis: number): string => `retry: ${millis}\n\n`

/** Moves the position of the client without an event: a block without data dispatches none. */
export const positionMark = (position: Sequence): string => `id: ${position}\n\n`

/** Tells the client and what is between that the connection lives. */
export const heartbeat = ":\n\n"

/** Notes come first: what they tell of was lost before these events. */
export const followedText = ({ dropped, events, expired }: Followed): string => {
  let text = expired > 0 ? note("expired", { count: expired }) : ""
  if (dropped > 0) text += note("dropped", { count: dropped })
  for (const event of events) text += message(event)
  return text
}

/** The last word. A client connects again, unless it has been told that there is nothing to come. */
export const endText = (end: FollowEnd, namespace: string, retryMillis: number): string =>
  end === "removed" ? note("removed", { namespace }) : retryHint(retryMillis)

/** Whether an Accept header takes an event stream (RFC 9110, section 12.5.1). */
export const acceptsEventStream = (accept: string | undefined): boolean => {
  if (accept === undefined || accept.trim() === "") return true
  let [best, quality] = [0, 0]
  for (const range of accept.toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim())
    const rank = ranks[type]
    if (rank === undefined || rank < best) continue
    const q = parameters.find((parameter) => parameter.startsWith("q="))
    best = rank
    quality = q === undefined ? 1 : Number(q.slice(2))
  }
  return quality > 0
}

/** The more closely a range names the type, the more it counts. */
const ranks: Readonly<Record<string, number>> = {
  "*/*": 1,
  "text/*": 2,
  [eventStreamContentType]: 3,
}
