// Dead letters: from requests to the mesh and back. Their events are JSON already and are sent as they
// are.

import { HttpApiBuilder, HttpServerResponse } from "@effect/platform"
import { Effect } from "effect"
import { type DeadLetter, Mesh } from "../../../actors/index.js"
import { type DeadLetterKind, describeDeadLetter } from "../../../domain/index.js"
import {
  type DeadLetterReasonName,
  defaultLimit,
  defaultRedeliveries,
  EventloomApi,
  Redelivered,
  RedeliverRequest,
} from "../api/index.js"
import { jsonBodyOr } from "../JsonBody.js"
import { answering, answerOf } from "./Answering.js"

const names: Readonly<Record<DeadLetterKind, DeadLetterReasonName>> = {
  AttemptsExhausted: "attempts-exhausted",
  Rejected: "rejected",
  ParkedTooLong: "parked-too-long",
  FilterFailed: "filter-failed",
  TransformFailed: "transform-failed",
}

const kinds: Readonly<Record<DeadLetterReasonName, DeadLetterKind>> = {
  "attempts-exhausted": "AttemptsExhausted",
  rejected: "Rejected",
  "parked-too-long": "ParkedTooLong",
  "filter-failed": "FilterFailed",
  "transform-failed": "TransformFailed",
}

const json = (text: string) => HttpServerResponse.text(text, { contentType: "application/json" })

const shown = (letter: DeadLetter): string => {
  const time = (millis: number) => new Date(millis).toISOString()
  const { json, reason } = letter
  const head = JSON.stringify({
    id: letter.id,
    subscription: letter.subscription,
    sequence: String(letter.sequence),
    reason: names[reason._tag],
    detail: describeDeadLetter(reason),
    attempts: letter.attempts,
    acceptedAt: time(letter.acceptedAt),
    firstAttemptAt: time(letter.firstAttemptAt),
    deadAt: time(letter.deadAt),
    replay: letter.replay,
  })
  return `${head.slice(0, -1)},"event":${json}}`
}

const filterOf = <F extends { readonly reason?: DeadLetterReasonName | undefined }>({
  reason,
  ...rest
}: F) => ({ ...rest, kind: reason === undefined ? undefined : kinds[reason] })

export const deadLettersHandlers = HttpApiBuilder.group(EventloomApi, "deadLetters", (handlers) =>
  Effect.map(Mesh, ({ deadLetters }) =>
    handlers
      .handle("listDeadLetters", ({ path, urlParams: { limit = defaultLimit, ...page } }) =>
        Effect.map(
          deadLetters.list(path.namespace, { ...filterOf(page), limit }),
          ({ deadLetters: found, next }) =>
            json(
              `{"deadLetters":[${found.map(shown).join(",")}],"next":${JSON.stringify(next ?? null)}}`,
            ),
        ).pipe(answering),
      )
      .handle("getDeadLetter", ({ path: { deadLetter, namespace } }) =>
        answering(Effect.map(deadLetters.get(namespace, deadLetter), (it) => json(shown(it)))),
      )
      .handleRaw("redeliverDeadLetters", ({ path: { namespace } }) =>
        Effect.gen(function* () {
          const { limit = defaultRedeliveries, ...page } = yield* jsonBodyOr({}, RedeliverRequest)
          const done = yield* deadLetters.redeliverAll(namespace, { ...filterOf(page), limit })
          return yield* answerOf(Redelivered, 202, { ...done, next: done.next ?? null })
        }).pipe(answering),
      )
      .handle("redeliverDeadLetter", ({ path: { deadLetter, namespace } }) =>
        Effect.map(deadLetters.redeliver(namespace, deadLetter), ({ subscription, sequence }) => ({
          deadLetter,
          subscription,
          sequence,
        })).pipe(answering),
      )
      .handle("discardDeadLetter", ({ path: { deadLetter, namespace } }) =>
        answering(deadLetters.discard(namespace, deadLetter)),
      ),
  ),
)
