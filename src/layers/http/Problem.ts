// A problem document (RFC 9457): how every request that is not carried out is answered.

import { Data, Schema } from "effect"
import { HttpApiSchema } from "@effect/platform"

export const problemContentType = "application/problem+json"

export type ProblemStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 406
  | 408
  | 409
  | 413
  | 415
  | 422
  | 429
  | 431
  | 500
  | 503

const titles: Readonly<Record<ProblemStatus, string>> = {
  400: "Malformed request",
  401: "Not authenticated",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  406: "Not acceptable",
  408: "Request took too long",
  409: "Conflict",
  413: "Too large",
  415: "Unsupported content type",
  422: "Invalid",
  429: "Too many requests",
  431: "Headers too large",
  500: "Internal error",
  503: "Not available",
}

export interface ProblemFields {
  readonly status: ProblemStatus
  /** What happened, in a word or two joined by hyphens; the end of the document's `type`. */
  readonly kind: string
  /** For a human, about this occurrence. */
  readonly detail: string
  /** The field, query parameter, header or part of the path that has to change. */
  readonly field?: string | undefined
  /** Where in the body, as a JSON pointer (RFC 6901). */
  readonly pointer?: string | undefined
  /** More members of the document, for machines. */
  readonly facts?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/** A failure whose answer is known. Everything in it is fit to be shown to the caller. */
export class Problem extends Data.TaggedError("Problem")<ProblemFields> {
  override get message(): string {
    return this.detail
  }

  /** The JSON of the document. */
  get document(): string {
    return JSON.stringify({
      type: `urn:eventloom:problem:${this.kind}`,
      title: titles[this.status],
      status: this.status,
      detail: this.detail,
      field: this.field,
      pointer: this.pointer,
      ...this.facts,
    })
  }
}

/** The schema of the document, for the description of the API. */
export const problemJsonSchema = {
  type: "object",
  description: "What went wrong (RFC 9457). Further members hold the facts of the problem.",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: { type: "string", format: "uri", description: "The kind of problem." },
    title: { type: "string", description: "The same for all problems of a status." },
    status: { type: "integer" },
    detail: { type: "string", description: "What happened this time." },
    field: { type: "string", description: "The field, parameter or header that has to change." },
    pointer: { type: "string", description: "Where in the body, as a JSON pointer." },
  },
} as const

/** The problems of one status, for the description of the API. */
export const problems = (status: ProblemStatus, description: string) =>
  Schema.declare((value): value is Problem => value instanceof Problem, {
    jsonSchema: problemJsonSchema,
    ...HttpApiSchema.annotations({ status, description }),
  }).pipe(HttpApiSchema.withEncoding({ kind: "Json", contentType: problemContentType }))

export const fault = problems(500, "A fault of the server; its log has more under the `id`.")

export const storeUnavailable = problems(
  503,
  "The store does not answer; try again after `Retry-After`.",
)
