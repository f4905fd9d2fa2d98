// One request in flight: it has a connection and an answer within its limits or is given up on, and it
// settles exactly once. What is read of the answer is for the kinds of requests to say.

import type { IncomingHttpHeaders } from "node:http"
import { Outcome } from "../../../domain/index.js"
import type { Deadlines, Expiring } from "./Deadlines.js"
import type { Lane, OriginPool, PooledRequest } from "./OriginPool.js"
import { outcomeOfFailure } from "./Response.js"

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

export abstract class InFlight<Result> implements PooledRequest, Expiring {
  lane: Lane | undefined
  protected readonly context: AttemptContext
  readonly #startedAt: number
  readonly #settle: (result: Result) => void
  #isConnected = false
  #isSettled = false

  constructor(context: AttemptContext, settle: (result: Result) => void) {
    this.context = context
    this.#startedAt = context.elapsed()
    this.#settle = settle
    context.deadlines.watch(this)
  }

  /** The answer has begun. */
  protected abstract get isAnswered(): boolean
  /** What it settles with where there is no answer. */
  protected abstract failed(outcome: Outcome): Result
  /** The answer is whole: settles with it. */
  protected abstract answered(): void
  abstract onResponseStart(controller: unknown, status: number, headers: IncomingHttpHeaders): void
  abstract onResponseData(controller: unknown, chunk: Buffer): void

  protected get durationMillis(): number {
    return Math.round(this.context.elapsed() - this.#startedAt)
  }

  /** Lets go of the request without an outcome. */
  cancel(): void {
    if (this.#finish()) this.context.pool.abandon(this)
  }

  expireIfDue(now: number): void {
    const { connectMillis, totalMillis } = this.context.limits
    const limit = this.#isConnected ? totalMillis : Math.min(connectMillis, totalMillis)
    if (now - this.#startedAt < limit) return
    const missing = this.#isConnected ? (this.isAnswered ? "whole answer" : "answer") : "connection"
    this.drop(this.failed(Outcome.retry(`no ${missing} within ${limit} ms`)))
  }

  closed(): void {
    this.end(this.failed(Outcome.retry("the connection was let go of")))
  }

  onRequestStart(): void {
    this.#isConnected = true
  }

  onResponseEnd(): void {
    this.context.pool.release(this)
    this.answered()
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.context.pool.release(this)
    this.end(this.failed(outcomeOfFailure(error)))
  }

  protected end(result: Result): void {
    if (this.#finish()) this.#settle(result)
  }

  /** Ends with the connection, from which more would come. */
  protected drop(result: Result): void {
    if (!this.#finish()) return
    this.context.pool.abandon(this)
    this.#settle(result)
  }

  #finish(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    this.context.deadlines.unwatch(this)
    return true
  }
}
