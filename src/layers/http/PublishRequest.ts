// A publish as HTTP carries it: the part that the fast path and the documented route have in common.

import type { IncomingMessage } from "node:http"
import { Either } from "effect"
import type { Receipt } from "../../actors/index.js"
import {
  type DecodedHttp,
  decodeHttp,
  type EventLimits,
  type Mended,
  modeOf,
} from "../../domain/index.js"
import type { Problem } from "./Problem.js"
import { problemOf } from "./ProblemOf.js"

export const bodyLimitOf = ({ headers }: IncomingMessage, limits: EventLimits): number =>
  modeOf(headers["content-type"]) === "batch" ? limits.maxBatchBytes : limits.maxEventBytes

/** The events of a request, or why there are none. `lenient` mends what is not quite an event. */
export const decodePublish = (
  request: IncomingMessage,
  body: Uint8Array,
  limits: EventLimits,
  lenient: boolean,
): Either.Either<DecodedHttp, Problem> => {
  const binary = modeOf(request.headers["content-type"]) === "binary"
  // In binary mode a header given twice must not pass for one with a comma in it.
  const headers = binary ? request.headersDistinct : request.headers
  return Either.mapLeft(
    decodeHttp({ headers, body }, lenient ? { limits, mend: supplies } : { limits }),
    problemOf,
  )
}

const supplies = {
  id: () => crypto.randomUUID(),
  time: () => new Date().toISOString(),
}

/** The JSON of the answer: what became of each event, in their order. */
export const acceptedJson = (
  receipts: ReadonlyArray<Receipt>,
  mended: ReadonlyArray<Mended> | undefined,
): string => {
  let accepted = ""
  for (const { source, id, sequence, duplicate } of receipts) {
    if (accepted !== "") accepted += ","
    accepted += `{"source":${JSON.stringify(source)},"id":${JSON.stringify(id)},"sequence":"${sequence}","duplicate":${duplicate}}`
  }
  const rest = mended === undefined ? "" : `,"mended":${JSON.stringify(mended)}`
  return `{"accepted":[${accepted}]${rest}}`
}
