// The audit logs over HTTP: who changed what, the oldest first.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { AuditEntry, NamespaceName } from "../../../domain/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"
import { Needs } from "./Needs.js"
import { Limit, Next } from "./Paging.js"

const EntryId = Schema.String.pipe(Schema.maxLength(64))

const EntryShape = Schema.Struct({ ...AuditEntry.fields, at: Instant }).annotations({
  identifier: "AuditEntry",
})

const pages = Schema.Struct({
  after: Schema.optional(
    EntryId.annotations({ description: "The id of the last entry of the page before." }),
  ),
  limit: Schema.optional(Limit),
})

const Entries = Schema.Struct({ entries: Schema.Array(EntryShape), next: Next(EntryId) })

const said =
  "An entry is stored before its change is made, and taken back if the change is refused. It has the " +
  "names of the fields that were stated, and no value."

export class AuditApi extends HttpApiGroup.make("audit")
  .add(
    HttpApiEndpoint.get("listNamespaceAudit", "/v1/namespaces/:namespace/audit")
      .setPath(Schema.Struct({ namespace: NamespaceName }))
      .annotate(Needs, "manage")
      .setUrlParams(pages)
      .addSuccess(Entries)
      .addError(problems(404, "No such namespace."))
      .addError(problems(409, "The namespace is being removed."))
      .annotate(OpenApi.Summary, "Who changed what in a namespace")
      .annotate(OpenApi.Description, said),
  )
  .add(
    HttpApiEndpoint.get("listOperatorAudit", "/v1/audit")
      .setUrlParams(pages)
      .addSuccess(Entries)
      .annotate(OpenApi.Summary, "Who changed host types, made namespaces and removed them")
      .annotate(OpenApi.Description, said),
  )
  .middleware(Authorization) {}
