// The keys that namespaces sign webhooks with: their public halves, and their rotation.
//
// A set is published to everybody who has its id, which is drawn by chance and given to who may read
// the namespace. An id that nobody was given answers like a set that is empty.

import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import {
  defaultOverlap,
  KeySetId,
  NamespaceName,
  Overlap,
  PublicJwk,
} from "../../../domain/index.js"
import { fault, problems, storeUnavailable } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"
import { Needs } from "./Needs.js"

export const keySetPath = "/.well-known/jwks.json"

export const SigningKeysShape = Schema.Struct({
  jwks: Schema.optional(
    Schema.String.annotations({
      description: "Where the keys are published on this server. Absent before there is one.",
      examples: [`${keySetPath}?set=zv6rBJhYDW2mQ0iVd5N3Cg`],
    }),
  ),
  keys: Schema.Array(
    Schema.Struct({
      kid: Schema.String,
      publicKey: Schema.String.annotations({ description: "`whpk_` and base64." }),
      createdAt: Instant,
      until: Schema.optional(Instant).annotations({
        description: "It was rotated out, and signs beside the first one until then.",
      }),
    }),
  ),
}).annotations({ identifier: "SigningKeys" })

export const KeyRotation = Schema.Struct({
  overlap: Schema.optionalWith(Overlap, { default: () => defaultOverlap }),
}).annotations({ identifier: "KeyRotation" })

const path = Schema.Struct({ namespace: NamespaceName })
const notFound = problems(404, "No such namespace.")

export class SigningKeysApi extends HttpApiGroup.make("signingKeys")
  .add(
    HttpApiEndpoint.get("getSigningKeys", "/v1/namespaces/:namespace/signing-keys")
      .setPath(path)
      .annotate(Needs, "read")
      .addSuccess(SigningKeysShape)
      .addError(notFound)
      .annotate(OpenApi.Summary, "The public keys of a namespace")
      .annotate(Needs, "read"),
  )
  .add(
    HttpApiEndpoint.post("rotateSigningKey", "/v1/namespaces/:namespace/signing-keys/rotate")
      .setPath(path)
      .annotate(Needs, "manage")
      .setPayload(KeyRotation)
      .addSuccess(SigningKeysShape)
      .addError(notFound)
      .addError(problems(413, "The body is too large."))
      .addError(problems(415, "The body is not JSON."))
      .addError(problems(422, "The overlap is not valid."))
      .annotate(OpenApi.Summary, "Makes a new signing key; the one before signs on for a while")
      .annotate(Needs, "manage"),
  )
  .addError(problems(409, "The namespace is being removed, or its key is being rotated."))
  .middleware(Authorization) {}

export const KeySetShape = Schema.Struct({ keys: Schema.Array(PublicJwk) })
  .pipe(HttpApiSchema.withEncoding({ kind: "Json", contentType: "application/jwk-set+json" }))
  .annotations({ identifier: "JsonWebKeySet" })

export class KeySetApi extends HttpApiGroup.make("keySets").add(
  HttpApiEndpoint.get("getKeySet", keySetPath)
    .setUrlParams(Schema.Struct({ set: KeySetId }))
    .addSuccess(KeySetShape)
    .addError(fault)
    .addError(storeUnavailable)
    .annotate(OpenApi.Summary, "Public keys as a JSON Web Key Set (RFC 7517), open to all"),
) {}
