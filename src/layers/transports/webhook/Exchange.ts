// One request whose answer is wanted whole: status, headers and text. For protocols whose answers say
// more than a status; over the same connections, deadlines and guard as webhooks.

import type { IncomingHttpHeaders } from "node:http"
import { Effect, Either, Exit } from "effect"
import type { Dispatcher } from "undici"
import { Outcome } from "../../../domain/index.js"
import type { AttemptContext } from "./Attempt.js"
import type { Expiring } from "./Deadlines.js"
import type { Lane, PooledRequest } from "./OriginPool.js"
import { outcomeOfFailure } from "./Response.js"

/** How much of an answer's text is kept; what is longer is cut, and the connection dropped. */
const MAX_TEXT_BYTES = 65_536

export interface WholeAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly durationMillis: number
}

export interface ExchangeRequest {
  readonly method: Dispatcher.HttpMethod
  readonly path: string
  /** Names and values in turn. */
  readonly headers: ReadonlyArray<string>
  readonly body?: Buffer
}

/** Sends the request; left is the outcome when there is no answer. Interrupting lets go of it. */
export const exchange = (
  context: AttemptContext,
  { body, headers, method, path }: ExchangeRequest,
): Effect.Effect<Either.Either<WholeAnswer, Outcome>> =>
  Effect.async((resume) => {
    const inFlight = new Exchange(context, (result) => resume(Exit.succeed(result)))
    const options = { path, method, headers: [...headers], ...(body === undefined ? {} : { body }) }
    context.pool.dispatch(options, inFlight)
    return Effect.sync(() => inFlight.cancel())
  })

class Exchange implements PooledRequest, Expiring {
  lane: Lane | undefined
  readonly #context: AttemptContext
  readonly #settle: (result: Either.Either<WholeAnswer, Outcome>) => void
  readonly #startedAt: number
  readonly #chunks: Array<Buffer> = []
  #bytes = 0
  #head: Pick<WholeAnswer, "headers" | "status"> | undefined
  #isConnected = false
  #isSettled = false

  constructor(
    context: AttemptContext,
    settle: (result: Either.Either<WholeAnswer, Outcome>) => void,
  ) {
    this.#context = context
    this.#settle = settle
    this.#startedAt = context.elapsed()
    context.deadlines.watch(this)
  }

  cancel(): void {
    if (this.#finish()) this.#context.pool.abandon(this)
  }

  expireIfDue(now: number): void {
    const { connectMillis, totalMillis } = this.#context.limits
    const limit = this.#isConnected ? totalMillis : Math.min(connectMillis, totalMillis)
    if (now - this.#startedAt < limit || !this.#finish()) return
    this.#context.pool.abandon(this)
    const missing = this.#isConnected ? "whole answer" : "connection"
    this.#settle(Either.left(Outcome.retry(`no ${missing} within ${limit} ms`)))
  }

  closed(): void {
    this.#fail(Outcome.retry("the connection was let go of"))
  }

  onRequestStart(): void {
    this.#isConnected = true
  }

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    // Interim answers (1xx) come before the real one.
    if (status >= 200) this.#head = { status, headers }
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes <= MAX_TEXT_BYTES || !this.#finish()) return
    this.#context.pool.abandon(this)
    this.#answer()
  }

  onResponseEnd(): void {
    this.#context.pool.release(this)
    if (this.#finish()) this.#answer()
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#context.pool.release(this)
    this.#fail(outcomeOfFailure(error))
  }

  #answer(): void {
    if (this.#head === undefined) {
      return this.#settle(Either.left(Outcome.retry("the answer is not valid HTTP")))
    }
    const text = Buffer.concat(this.#chunks).subarray(0, MAX_TEXT_BYTES).toString("utf8")
    const durationMillis = Math.round(this.#context.elapsed() - this.#startedAt)
    this.#settle(Either.right({ ...this.#head, text, durationMillis }))
  }

  #fail(outcome: Outcome): void {
    if (this.#finish()) this.#settle(Either.left(outcome))
  }

  #finish(): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    this.#context.deadlines.unwatch(this)
    return true
  }
}
