// A delivery in flight: collects what matters of the answer.
//
// An answer counts when it is whole, or when it has passed the bound up to which it is read; then the
// connection is dropped, for the rest could be without end.

import type { IncomingHttpHeaders } from "node:http"
import type { Outcome } from "../../../domain/index.js"
import { InFlight } from "./InFlight.js"
import { type Answer, outcomeOfAnswer } from "./Response.js"

/** How much of an answer's body is read before the connection is dropped. */
export const MAX_ANSWER_BYTES = 65_536

export class Attempt extends InFlight<Outcome> {
  #answer: Answer | undefined
  #received = 0

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    // Interim answers (1xx) come before the real one.
    if (status < 200) return
    this.#answer =
      status < 300
        ? { status }
        : { status, retryAfter: headers["retry-after"], location: headers.location }
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#received += chunk.length
    if (this.#received > MAX_ANSWER_BYTES && this.#answer !== undefined) {
      this.drop(this.#outcomeOf(this.#answer))
    }
  }

  protected get isAnswered(): boolean {
    return this.#answer !== undefined
  }

  protected failed(outcome: Outcome): Outcome {
    return outcome
  }

  protected answered(): void {
    if (this.#answer !== undefined) this.end(this.#outcomeOf(this.#answer))
  }

  #outcomeOf(answer: Answer): Outcome {
    return outcomeOfAnswer(answer, this.durationMillis, this.context.now())
  }
}
