// One request in flight: collects what matters of the answer and settles exactly once.
//
// An answer counts when it is whole, or when it has passed the bound up to which it is read; then the
// connection is dropped, for the rest could be without end. Undici gives no hold on a request that
// still waits for a connection, so one that is settled by then refuses when its turn comes, which
// costs the connection nothing.

import type { IncomingHttpHeaders } from "node:http"
import type { Dispatcher } from "undici"
import { Outcome } from "../../../domain/index.js"
import type { Deadlines, Expiring } from "./Deadlines.js"
import { type Answer, outcomeOfAnswer, outcomeOfFailure } from "./Response.js"

/** How much of an answer's body is read before the connection is dropped. */
export const MAX_ANSWER_BYTES = 65_536

export interface AttemptLimits {
  /** Milliseconds from the start within which a connection must be had. */
  readonly connectMillis: number
  /** Milliseconds from the start within which the answer must be whole. */
  readonly totalMillis: number
}

/** What attempts of one connection share. */
export interface AttemptContext {
  readonly deadlines: Deadlines
  readonly limits: AttemptLimits
  readonly now: () => number
}

const abandoned = new Error("nobody waits for this request any more")

export class Attempt implements Dispatcher.DispatchHandler, Expiring {
  readonly #context: AttemptContext
  readonly #startedAt: number
  readonly #settle: (outcome: Outcome) => void
  #controller: Dispatcher.DispatchController | undefined
  #answer: Answer | undefined
  #received = 0
  #isSettled = false

  constructor(context: AttemptContext, startedAt: number, settle: (outcome: Outcome) => void) {
    this.#context = context
    this.#startedAt = startedAt
    this.#settle = settle
    context.deadlines.watch(this)
  }

  /** Lets go of the request without an outcome. */
  cancel(): void {
    if (this.#finish()) this.#controller?.abort(abandoned)
  }

  expireIfDue(now: number): void {
    const { connectMillis, totalMillis } = this.#context.limits
    const elapsed = now - this.#startedAt
    const isConnected = this.#controller !== undefined
    if (elapsed < (isConnected ? totalMillis : Math.min(connectMillis, totalMillis))) return
    const reason = !isConnected
      ? `no connection within ${Math.min(connectMillis, totalMillis)} ms`
      : this.#answer === undefined
        ? `no answer within ${totalMillis} ms`
        : `no whole answer within ${totalMillis} ms`
    this.#end(Outcome.retry(reason))
    this.#controller?.abort(abandoned)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isSettled) throw abandoned
    this.#controller = controller
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // Interim answers (1xx) come before the real one.
    if (status < 200) return
    this.#answer =
      status < 300
        ? { status }
        : { status, retryAfter: headers["retry-after"], location: headers.location }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#received += chunk.length
    if (this.#received <= MAX_ANSWER_BYTES) return
    this.#endAnswered()
    controller.abort(abandoned)
  }

  onResponseEnd(): void {
    this.#endAnswered()
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#end(outcomeOfFailure(error))
  }

  #endAnswered(): void {
    if (this.#answer === undefined) return
    this.#end(outcomeOfAnswer(this.#answer, this.#startedAt, this.#context.now()))
  }

  #end(outcome: Outcome): void {
    if (this.#finish()) this.#settle(outcome)
  }

  #finish(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    this.#context.deadlines.unwatch(this)
    return true
  }
}
