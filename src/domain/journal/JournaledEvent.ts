// An event as the journal holds it: its place, its structured JSON (what is stored and what a
// structured delivery sends, byte for byte) and, on demand, the parsed event.

import { type CloudEvent, encodeStructured, fromTrustedJson, utf8Length } from "../event/index.js"
import { origin, type Sequence } from "./Sequence.js"

export class JournaledEvent {
  /** 0 for an event that is not journalled. */
  readonly sequence: Sequence
  readonly type: string
  /** When the event was accepted, in milliseconds since the epoch. */
  readonly acceptedAt: number
  #json: string | undefined
  #event: CloudEvent | undefined
  #bytes = -1

  constructor(
    sequence: Sequence,
    type: string,
    json: string | undefined,
    acceptedAt: number,
    event?: CloudEvent,
  ) {
    this.sequence = sequence
    this.type = type
    this.acceptedAt = acceptedAt
    this.#json = json
    this.#event = event
  }

  static of(sequence: Sequence, event: CloudEvent, acceptedAt: number): JournaledEvent {
    return new JournaledEvent(sequence, event.type, undefined, acceptedAt, event)
  }

  /** An event whose text was kept outside the journal. */
  static kept(sequence: Sequence, json: string, acceptedAt: number): JournaledEvent {
    const event = fromTrustedJson(json)
    return new JournaledEvent(sequence, event.type, json, acceptedAt, event)
  }

  /** An event that is delivered without being journalled; `json` if it has been written already. */
  static ephemeral(event: CloudEvent, acceptedAt: number, json?: string): JournaledEvent {
    return new JournaledEvent(origin, event.type, json, acceptedAt, event)
  }

  /** The CloudEvents JSON format of the event, as validated at publish. */
  get json(): string {
    return (this.#json ??= encodeStructured(this.event))
  }

  /** The length of `json` in UTF-8. */
  get bytes(): number {
    if (this.#bytes < 0) this.#bytes = utf8Length(this.json)
    return this.#bytes
  }

  /** The `traceparent` extension. Text that does not mention it is not parsed to find that out. */
  get traceparent(): string | undefined {
    if (this.#event === undefined && this.#json?.includes('"traceparent"') !== true)
      return undefined
    const value = this.event["traceparent"]
    return typeof value === "string" ? value : undefined
  }

  /** The parsed event: what was published when it is still at hand, else parsed once from the journal. */
  get event(): CloudEvent {
    return (this.#event ??= fromTrustedJson(this.#json ?? "null"))
  }
}
