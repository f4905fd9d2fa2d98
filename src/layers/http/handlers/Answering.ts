// What handlers have in common: failures as problems, and 201 or 200 for what a put did.

import { HttpServerResponse } from "@effect/platform"
import { Effect, type Schema } from "effect"
import type { Put } from "../../../actors/index.js"
import type { Problem } from "../Problem.js"
import { type MeshFailure, problemOf } from "../ProblemOf.js"

export const answering = <A, R>(
  effect: Effect.Effect<A, MeshFailure, R>,
): Effect.Effect<A, Problem, R> => Effect.mapError(effect, problemOf)

/** 201 for what is new, 200 for what was there. */
export const putAnswer = <A, I>(
  schema: Schema.Schema<A, I>,
  { created, value }: Put<A>,
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  answerOf(schema, created ? 201 : 200, value)

export const answerOf = <A, I>(
  schema: Schema.Schema<A, I>,
  status: number,
  value: A,
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  // What the mesh shows can be encoded; that it cannot is a fault of the schema.
  Effect.orDie(HttpServerResponse.schemaJson(schema)(value, { status }))
