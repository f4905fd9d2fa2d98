// Keys over HTTP: made and shown once, listed, revoked; and who a token says one is.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { KeyId, KeyLabel, KeyScope, KeyScopes, NamespaceName } from "../../../domain/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { GivenInstant, Instant } from "./Instant.js"
import { Needs } from "./Needs.js"
import { Next, pageParameters } from "./Paging.js"

export const KeySpec = Schema.Struct({
  name: Schema.optional(KeyLabel),
  scopes: KeyScopes,
  expiresAt: Schema.optional(
    GivenInstant.annotations({
      description: "From then on it is refused. A key made by a key expires with it at the latest.",
    }),
  ),
}).annotations({ identifier: "KeySpec" })

const fields = {
  namespace: NamespaceName,
  id: KeyId,
  name: Schema.optional(Schema.String),
  scopes: Schema.Array(KeyScope),
  createdAt: Instant,
  expiresAt: Schema.optional(Instant),
  lastUsedAt: Schema.optional(
    Instant.annotations({ description: "Written now and then; it may lag some seconds." }),
  ),
}

export const KeyShape = Schema.Struct(fields).annotations({ identifier: "Key" })

export const NewKeyShape = Schema.Struct({
  ...fields,
  key: Schema.String.annotations({
    description: "What to send as the bearer token. Shown in this answer only.",
  }),
}).annotations({ identifier: "NewKey" })

export const WhoAmI = Schema.Union(
  Schema.Struct({ kind: Schema.Literal("operator") }),
  Schema.Struct({
    kind: Schema.Literal("key"),
    namespace: NamespaceName,
    id: KeyId,
    name: Schema.optional(Schema.String),
    scopes: Schema.Array(KeyScope),
    expiresAt: Schema.optional(Instant),
  }),
).annotations({ identifier: "WhoAmI" })

const inNamespace = Schema.Struct({ namespace: NamespaceName })
const path = Schema.Struct({ namespace: NamespaceName, key: KeyId })
const notFound = problems(404, "No such namespace or key.")
const removing = problems(409, "The namespace is being removed.")

export class KeysApi extends HttpApiGroup.make("keys")
  .add(
    HttpApiEndpoint.get("whoAmI", "/v1/whoami")
      .annotate(Needs, "any")
      .addSuccess(WhoAmI)
      .annotate(OpenApi.Summary, "Who the token says one is, and what it is good for"),
  )
  .add(
    HttpApiEndpoint.post("createKey", "/v1/namespaces/:namespace/keys")
      .setPath(inNamespace)
      .annotate(Needs, "manage")
      .setPayload(KeySpec)
      .addSuccess(NewKeyShape, { status: 201 })
      .addError(notFound)
      .addError(problems(409, "The namespace is being removed, or has as many keys as it may."))
      .addError(problems(413, "The body is too large."))
      .addError(problems(415, "The body is not JSON."))
      .addError(problems(422, "Not valid, or more than its maker has: `field` says which."))
      .annotate(OpenApi.Summary, "Makes a key, and shows it once"),
  )
  .add(
    HttpApiEndpoint.get("listKeys", "/v1/namespaces/:namespace/keys")
      .setPath(inNamespace)
      .annotate(Needs, "manage")
      .setUrlParams(Schema.Struct(pageParameters(KeyId)))
      .addSuccess(Schema.Struct({ keys: Schema.Array(KeyShape), next: Next(KeyId) }))
      .addError(notFound)
      .addError(removing),
  )
  .add(
    HttpApiEndpoint.get("getKey", "/v1/namespaces/:namespace/keys/:key")
      .setPath(path)
      .annotate(Needs, "manage")
      .addSuccess(KeyShape)
      .addError(notFound)
      .addError(removing),
  )
  .add(
    HttpApiEndpoint.del("revokeKey", "/v1/namespaces/:namespace/keys/:key")
      .setPath(path)
      .annotate(Needs, "manage")
      .addError(notFound)
      .addError(removing)
      .annotate(OpenApi.Summary, "Revokes a key at once"),
  )
  .middleware(Authorization) {}
