// One request in flight: collects what matters of the answer and settles exactly once.
//
// An answer counts when it is whole, or when it has passed the bound up to which it is read; then the
// connection is dropped, for the rest could be without end.

import type { IncomingHttpHeaders } from "node:http"
import { Outcome } from "../../../domain/index.js"
import type { Deadlines, Expiring } from "./Deadlines.js"
import type { Lane, OriginPool, PooledRequest } from "./OriginPool.js"
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
  readonly pool: OriginPool
  readonly deadlines: Deadlines
  readonly limits: AttemptLimits
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds of a clock that nobody sets, for what lasts. */
  readonly elapsed: () => number
}

export class Attempt implements PooledRequest, Expiring {
  lane: Lane | undefined
  readonly #context: AttemptContext
  readonly #startedAt: number
  readonly #settle: (outcome: Outcome) => void
  #isConnected = false
  #answer: Answer | undefined
  #received = 0
  #isSettled = false

  constructor(context: AttemptContext, settle: (outcome: Outcome) => void) {
    this.#context = context
    this.#startedAt = context.elapsed()
    this.#settle = settle
    context.deadlines.watch(this)
  }

  /** Lets go of the request without an outcome. */
  cancel(): void {
    if (this.#finish()) this.#context.pool.abandon(this)
  }

  expireIfDue(now: number): void {
    const { connectMillis, totalMillis } = this.#context.limits
    const elapsed = now - this.#startedAt
    const limit = this.#isConnected ? totalMillis : Math.min(connectMillis, totalMillis)
    if (elapsed < limit) return
    const missing = this.#isConnected
      ? this.#answer === undefined
        ? "answer"
        : "whole answer"
      : "connection"
    this.#drop(Outcome.retry(`no ${missing} within ${limit} ms`))
  }

  closed(): void {
    this.#end(Outcome.retry("the connection was let go of"))
  }

  onRequestStart(): void {
    this.#isConnected = true
  }

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
      this.#drop(this.#outcomeOf(this.#answer))
    }
  }

  onResponseEnd(): void {
    this.#context.pool.release(this)
    if (this.#answer !== undefined) this.#end(this.#outcomeOf(this.#answer))
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#context.pool.release(this)
    this.#end(outcomeOfFailure(error))
  }

  #outcomeOf(answer: Answer): Outcome {
    const durationMillis = Math.round(this.#context.elapsed() - this.#startedAt)
    return outcomeOfAnswer(answer, durationMillis, this.#context.now())
  }

  /** Ends with the connection, from which more would come. */
  #drop(outcome: Outcome): void {
    if (!this.#finish()) return
    this.#context.pool.abandon(this)
    this.#settle(outcome)
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
