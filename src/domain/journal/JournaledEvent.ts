// An event as the journal holds it: its place, its structured JSON (what is stored and what a
// structured delivery sends, byte for byte) and, on demand, the parsed event.

import { type CloudEvent, encodeStructured, fromTrustedJson } from "../event/index.js"
import type { Sequence } from "./Sequence.js"

export class JournaledEvent {
  readonly sequence: Sequence
  readonly type: string
  /** The CloudEvents JSON format of the event, as validated at publish. */
  readonly json: string
  /** When the event was accepted, in milliseconds since the epoch. */
  readonly acceptedAt: number
  #event: CloudEvent | undefined

  constructor(
    sequence: Sequence,
    type: string,
    json: string,
    acceptedAt: number,
    event?: CloudEvent,
  ) {
    this.sequence = sequence
    this.type = type
    this.json = json
    this.acceptedAt = acceptedAt
    this.#event = event
  }

  static of(sequence: Sequence, event: CloudEvent, acceptedAt: number): JournaledEvent {
    return new JournaledEvent(sequence, event.type, encodeStructured(event), acceptedAt, event)
  }

  /** The parsed event: what was published when it is still at hand, else parsed once from the journal. */
  get event(): CloudEvent {
    return (this.#event ??= fromTrustedJson(this.json))
  }
}
