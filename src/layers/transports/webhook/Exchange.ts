// One request whose answer is wanted whole: status, headers and text. For protocols whose answers say
// more than a status; over the same connections, deadlines and guard as webhooks.

import type { IncomingHttpHeaders } from "node:http"
import { Effect, Either, Exit } from "effect"
import type { Dispatcher } from "undici"
import { Outcome } from "../../../domain/index.js"
import { type AttemptContext, InFlight } from "./InFlight.js"

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

class Exchange extends InFlight<Either.Either<WholeAnswer, Outcome>> {
  readonly #chunks: Array<Buffer> = []
  #bytes = 0
  #head: Pick<WholeAnswer, "headers" | "status"> | undefined

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    // Interim answers (1xx) come before the real one.
    if (status >= 200) this.#head = { status, headers }
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes > MAX_TEXT_BYTES) this.drop(this.#result())
  }

  protected get isAnswered(): boolean {
    return this.#head !== undefined
  }

  protected failed(outcome: Outcome): Either.Either<never, Outcome> {
    return Either.left(outcome)
  }

  protected answered(): void {
    this.end(this.#result())
  }

  #result(): Either.Either<WholeAnswer, Outcome> {
    if (this.#head === undefined) {
      return this.failed(Outcome.retry("the answer is not valid HTTP"))
    }
    const text = Buffer.concat(this.#chunks).subarray(0, MAX_TEXT_BYTES).toString("utf8")
    return Either.right({ ...this.#head, text, durationMillis: this.durationMillis })
  }
}
