// Sources over HTTP: what brings events in from outside. They are the operator's.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { SourceName } from "../../../domain/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"
import { Next, pageParameters } from "./Paging.js"

const options = { key: Schema.String, value: Schema.Unknown }

export const SourceSpec = Schema.Struct(
  { kind: Schema.String, databaseUrl: Schema.optional(Schema.String) },
  options,
).annotations({
  identifier: "SourceSpec",
  jsonSchema: {
    type: "object",
    required: ["kind", "slot", "publication"],
    description:
      "Changes of a Postgres database. Either `namespace`, in which `{{schema}}`, `{{table}}` and " +
      "`{{row.<column>}}` stand for what they name, or `namespaceColumn` is required.",
    properties: {
      kind: { type: "string", enum: ["wal"] },
      databaseUrl: { type: "string", description: "Sealed, and never shown again." },
      slot: { type: "string", pattern: "^[a-z0-9_]{1,63}$" },
      publication: {
        oneOf: [{ type: "string" }, { type: "array", items: { type: "string" } }],
      },
      publicationTables: {
        oneOf: [{ const: "all" }, { type: "array", items: { type: "string" } }],
      },
      snapshot: {
        oneOf: [{ const: "all" }, { type: "array", items: { type: "string" } }],
        description: "Tables whose rows are told before their changes.",
      },
      namespace: { type: "string" },
      namespaceColumn: { type: "string" },
      unknownNamespaces: {
        oneOf: [
          { const: "skip" },
          { type: "object", required: ["park"], properties: { park: { type: "string" } } },
        ],
      },
      typePrefix: { type: "string", default: "postgres" },
      eventTables: { type: "array", items: { type: "string" } },
      messagePrefix: { type: "string" },
      numbers: { type: "string", enum: ["exact", "nearest"], default: "exact" },
      streaming: { type: "boolean", default: true },
      bufferBytes: { type: "string", default: "64MiB" },
      lagBudget: { type: "string" },
      heartbeat: { type: "string" },
      failover: { type: "boolean", default: false },
    },
    additionalProperties: false,
  },
})

const Counts = Schema.Struct({
  changes: Schema.Int,
  transactions: Schema.Int,
  events: Schema.Int,
  duplicates: Schema.Int,
  snapshotRows: Schema.Int,
  skipped: Schema.Int,
  parked: Schema.Int,
  unreadable: Schema.Int,
  reduced: Schema.Int,
}).annotations({ description: "Since the source was started." })

export const SnapshotShape = Schema.Struct({
  table: Schema.String.annotations({ description: "public.orders" }),
  state: Schema.Literal("waiting", "reading", "done", "failed"),
  rows: Schema.Int.annotations({ description: "Told so far." }),
  estimatedRows: Schema.NullOr(Schema.Number).annotations({
    description: "In all, by the server's statistics; null before it has begun.",
  }),
  problem: Schema.NullOr(Schema.String).annotations({ description: "Why it failed." }),
  requestedAt: Instant,
  endedAt: Schema.NullOr(Instant),
}).annotations({ identifier: "TableSnapshot" })

export const SnapshotSpec = Schema.Struct({
  table: Schema.String.annotations({ description: "The table with its schema: public.orders" }),
}).annotations({ identifier: "TableSnapshotSpec" })

export const SourceShape = Schema.Struct(
  {
    name: SourceName,
    kind: Schema.Literal("wal"),
    server: Schema.String.annotations({ description: "host:port/database" }),
    state: Schema.Literal("connecting", "streaming", "waiting", "blocked"),
    problem: Schema.NullOr(
      Schema.Struct({
        code: Schema.String,
        reason: Schema.String,
        remedy: Schema.optional(Schema.String),
      }),
    ),
    position: Schema.NullOr(Schema.String).annotations({
      description: "Everything before this place of the log is journalled: 16/B374D848.",
    }),
    lag: Schema.NullOr(Schema.Number).annotations({
      description: "Bytes of log that the server keeps for the slot, a few seconds ago.",
    }),
    walStatus: Schema.NullOr(Schema.String),
    snapshots: Schema.Array(SnapshotShape).annotations({
      description: "Its tables that are, or were, told whole.",
    }),
    counts: Counts,
    createdAt: Instant,
    updatedAt: Instant,
  },
  options,
).annotations({ identifier: "Source" })

const SourceRemoved = Schema.Struct({
  slot: Schema.Literal("dropped", "kept", "remains").annotations({
    description:
      "What became of the replication slot: one that was there before the source is kept; `remains`: " +
      "the server could not be asked to drop it.",
  }),
})

const path = Schema.Struct({ source: SourceName })
const notFound = problems(404, "No such source.")

export class SourcesApi extends HttpApiGroup.make("sources")
  .add(
    HttpApiEndpoint.put("putSource", "/v1/sources/:source")
      .setPath(path)
      .setPayload(SourceSpec)
      .addSuccess(SourceShape)
      .addSuccess(SourceShape, { status: 201 })
      .addError(problems(413, "The body is too large."))
      .addError(problems(415, "The body is not JSON."))
      .addError(problems(422, "A name or option is not valid: `field` says which."))
      .annotate(OpenApi.Summary, "Creates a source, or starts it anew with other options"),
  )
  .add(
    HttpApiEndpoint.get("getSource", "/v1/sources/:source")
      .setPath(path)
      .addSuccess(SourceShape)
      .addError(notFound),
  )
  .add(
    HttpApiEndpoint.get("listSources", "/v1/sources")
      .setUrlParams(Schema.Struct(pageParameters(SourceName)))
      .addSuccess(Schema.Struct({ sources: Schema.Array(SourceShape), next: Next(SourceName) })),
  )
  .add(
    HttpApiEndpoint.post("snapshotTable", "/v1/sources/:source/snapshots")
      .setPath(path)
      .setPayload(SnapshotSpec)
      .addSuccess(SnapshotShape, { status: 202 })
      .addError(notFound)
      .addError(problems(413, "The body is too large."))
      .addError(problems(415, "The body is not JSON."))
      .addError(problems(422, "The table is not named as it should be."))
      .annotate(
        OpenApi.Summary,
        "Has all rows of a table told, beside its changes; answers the snapshot that is under way, or a new one",
      ),
  )
  .add(
    HttpApiEndpoint.del("deleteSource", "/v1/sources/:source")
      .setPath(path)
      .addSuccess(SourceRemoved)
      .addError(notFound)
      .annotate(OpenApi.Summary, "Stops a source and drops the slot that was created for it"),
  )
  .middleware(Authorization) {}
