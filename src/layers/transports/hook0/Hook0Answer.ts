// What Hook0's answers mean. Its problems (RFC 7807) have an `id` that stays the same over releases; it
// decides where a status says too little.

import { Either, Option, Schema } from "effect"
import { Outcome, parseRetryAfter } from "../../../domain/index.js"
import type { WholeAnswer } from "../webhook/Exchange.js"

const Problem = Schema.parseJson(
  Schema.Struct({ id: Schema.String, title: Schema.optional(Schema.String) }),
)

const decodeProblem = Schema.decodeUnknownEither(Problem)

/** The id of the problem that an answer tells of; undefined when it tells of none. */
export const problemId = ({ text }: WholeAnswer): string | undefined =>
  Option.getOrUndefined(Option.map(Either.getRight(decodeProblem(text)), ({ id }) => id))

/** Hook0 knows no type of this name. */
export const isUnknownType = (answer: WholeAnswer): boolean =>
  answer.status === 400 && problemId(answer) === "EventTypeDoesNotExist"

/** What the answer to an event means. `now` is in milliseconds since the epoch. */
export const outcomeOfHook0 = (answer: WholeAnswer, now: number): Outcome => {
  const { durationMillis, headers, status } = answer
  if (status >= 200 && status < 300) return Outcome.delivered({ status, durationMillis })
  const id = problemId(answer)
  // An earlier attempt arrived: an id names one event.
  if (id === "EventAlreadyIngested") return Outcome.delivered({ status, durationMillis })
  const text = `Hook0 answered ${status}${id === undefined ? "" : ` ${id}`}`
  if (status === 429 || status === 408 || status === 425 || status >= 500) {
    const notBefore = Option.flatMap(Option.fromNullable(headers["retry-after"]), (header) =>
      parseRetryAfter(header, now),
    )
    return Outcome.retry(text, Option.getOrUndefined(notBefore))
  }
  if (status < 400 || status === 401 || status === 403 || status === 404) {
    return Outcome.misconfigured(text)
  }
  return Outcome.reject(text)
}
