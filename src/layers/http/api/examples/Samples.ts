// One sample of each shape of the API, as it is on the wire. They tell one story: the shop "acme.example"
// has its orders delivered to a webhook.

import type { DeadLetterShape, Redelivered } from "../DeadLettersApi.js"
import type { DeliveryShape } from "../DeliveriesApi.js"
import type { EventTypeBody, EventTypeShape } from "../EventTypesApi.js"
import type { Accepted } from "../EventsApi.js"
import type { HostTypeShape } from "../HostTypesApi.js"
import type { KeyShape, KeySpec, NewKeyShape, WhoAmI } from "../KeysApi.js"
import type {
  NamespaceDetailShape,
  NamespaceShape,
  NamespaceSpec,
  RemovalShape,
} from "../NamespacesApi.js"
import type { ReplayShape } from "../ReplaysApi.js"
import type { KeySetShape, SigningKeysShape } from "../SigningKeysApi.js"
import type { SinkShape, SinkSpec } from "../SinksApi.js"
import type { SnapshotShape, SourceShape, SourceSpec } from "../SourcesApi.js"
import type { SubscriptionShape } from "../SubscriptionsApi.js"
import type { AuditEntry, ReplaySpec, SubscriptionSpec } from "../../../../domain/index.js"

const namespace = "acme.example"
const created = { createdAt: "2026-03-02T09:30:00.000Z", updatedAt: "2026-03-02T09:30:00.000Z" }

export const event = {
  specversion: "1.0" as const,
  id: "order-1042",
  source: "/shop/checkout",
  type: "shop.order.placed",
  subject: "customer-7",
  time: "2026-03-02T09:31:12.480Z",
  datacontenttype: "application/json",
  data: { order: "1042", total: 129.9 },
}

export const secondEvent = {
  ...event,
  id: "order-1043",
  subject: "customer-8",
  data: { order: "1043", total: 18 },
}

export const accepted: typeof Accepted.Encoded = {
  accepted: [{ source: event.source, id: event.id, sequence: "1042", duplicate: false }],
}

export const storedEvent = { sequence: "1042", event }

export const hostTypeSettings = {
  publishRate: "500/s burst 2000",
  maxEventBytes: "256KiB",
  retentionAge: "7d",
  retry: { attempts: 8, max: "5m" },
}

export const hostType: typeof HostTypeShape.Encoded = {
  name: "shop",
  ...hostTypeSettings,
  ...created,
}

export const namespaceSpec: typeof NamespaceSpec.Encoded = {
  hostType: "shop",
  maxJournalBytes: "1GiB",
}

export const shownNamespace: typeof NamespaceShape.Encoded = {
  name: namespace,
  ...namespaceSpec,
  status: "enabled",
  ...created,
}

export const namespaceDetail: typeof NamespaceDetailShape.Encoded = {
  ...shownNamespace,
  limits: {
    publishRate: "500/s burst 2000",
    maxEventBytes: "256KiB",
    maxJournalBytes: "1GiB",
    maxSinks: 10_000,
    maxSubscriptions: 10_000,
  },
  usage: {
    journalBytes: 52_428_800,
    journalEvents: 1042,
    sinks: 1,
    subscriptions: 1,
    concurrentDeliveries: 3,
  },
}

const done = { outcome: "done" as const, durationMs: 2, retried: 0 }

export const removalUnderWay: typeof RemovalShape.Encoded = {
  id: "q8n3vk1t0wz5",
  namespace,
  status: "removing",
  startedAt: "2026-03-02T10:00:00.000Z",
  steps: [
    { step: "refuse-publishes", rows: 0, ...done },
    { step: "withdraw-routes", rows: 0, ...done },
    { step: "stop-subscriptions", rows: 0, ...done },
    { step: "drain-sinks", rows: 0, ...done },
    { step: "purge-deliveries", rows: 0, ...done },
  ],
  inFlight: { completed: 3, abandoned: 0 },
}

export const removalDone: typeof RemovalShape.Encoded = {
  ...removalUnderWay,
  status: "removed",
  steps: [
    ...removalUnderWay.steps,
    { step: "purge-events", rows: 1042, ...done },
    { step: "purge-subscriptions", rows: 1, ...done },
    { step: "purge-sinks", rows: 1, ...done },
    { step: "purge-event-types", rows: 1, ...done },
    { step: "purge-keys", rows: 2, ...done },
    { step: "purge-audit", rows: 9, ...done },
    { step: "invalidate-caches", rows: 0, ...done },
    { step: "release-name", rows: 0, ...done },
  ],
}

export const keySpec: typeof KeySpec.Encoded = {
  name: "checkout in production",
  scopes: ["publish"],
  expiresAt: "2031-01-01T00:00:00Z",
}

export const key: typeof KeyShape.Encoded = {
  namespace,
  id: "89M6fspIX1g7KeJH",
  name: "checkout in production",
  scopes: ["publish"],
  createdAt: created.createdAt,
  expiresAt: "2031-01-01T00:00:00.000Z",
  lastUsedAt: "2026-03-02T09:31:12.000Z",
}

const { lastUsedAt: _, ...unusedKey } = key

export const newKey: typeof NewKeyShape.Encoded = {
  ...unusedKey,
  key: "elk_89M6fspIX1g7KeJH_…",
}

export const whoAmI: typeof WhoAmI.Encoded = {
  kind: "key",
  namespace,
  id: key.id,
  name: "checkout in production",
  scopes: ["publish"],
  expiresAt: "2031-01-01T00:00:00.000Z",
}

type AuditEntryOnTheWire = Omit<typeof AuditEntry.Encoded, "at"> & { readonly at: string }

export const auditEntry: AuditEntryOnTheWire = {
  id: "au_0mwqpn0cs000003uppb78",
  at: created.createdAt,
  by: { kind: "key", id: "R7d2mQ0iVd5N3Cgz", name: "deployment" },
  action: "sink.put",
  resource: { kind: "sink", name: "orders-hook" },
  fields: ["kind", "url"],
  requestId: "7563b645-ef97-444e-b5c4-b0b84acc5ff2",
}

export const operatorAuditEntry: AuditEntryOnTheWire = {
  id: "au_0mwqpn0bb000001uppb78",
  at: created.createdAt,
  by: { kind: "operator" },
  action: "namespace.put",
  resource: { kind: "namespace", name: namespace },
  fields: ["hostType", "maxJournalBytes"],
  requestId: "94cf2f83-01eb-4aa0-a2b5-1eee284e58f4",
}

export const sinkSpec: typeof SinkSpec.Encoded = {
  kind: "webhook",
  url: "https://shop.example.com/hooks/orders",
  mode: "structured",
  timeout: "15s",
}

export const sink: typeof SinkShape.Encoded = {
  namespace,
  name: "orders-hook",
  ...sinkSpec,
  signature: "v1",
  connectTimeout: "10s",
  concurrency: 64,
  state: "connected",
  hasSecret: true,
  ...created,
}

export const newSink: typeof SinkShape.Encoded = {
  ...sink,
  state: "waiting",
  secret: "whsec_…",
}

export const rotatedSink: typeof SinkShape.Encoded = {
  ...sink,
  secret: "whsec_…",
  previousSecretUntil: "2026-03-03T09:30:00.000Z",
}

export const signingKeys: typeof SigningKeysShape.Encoded = {
  jwks: "/.well-known/jwks.json?set=Hxowx7xXz0LbnhfSz0Q4Jn",
  keys: [
    {
      kid: "rk34DmoPO0oIiN_rMY3WZVT2_ncVlWUvKHHD9EI-Muo",
      publicKey: "whpk_LE8YtDFBA+9RNjcHkLjcDfhrlflIV7VYgaFlY7esjrA=",
      createdAt: created.createdAt,
    },
  ],
}

export const keySet: typeof KeySetShape.Encoded = {
  keys: [
    {
      kty: "OKP",
      crv: "Ed25519",
      x: "LE8YtDFBA-9RNjcHkLjcDfhrlflIV7VYgaFlY7esjrA",
      kid: "rk34DmoPO0oIiN_rMY3WZVT2_ncVlWUvKHHD9EI-Muo",
      use: "sig",
      alg: "EdDSA",
    },
  ],
}

export const subscriptionSpec: typeof SubscriptionSpec.Encoded = {
  sink: "orders-hook",
  types: ["shop.order.*"],
  filters: [{ cel: "event.data.total > 100.0" }],
  ordering: "key",
  rateLimit: "50/s",
}

export const subscription: typeof SubscriptionShape.Encoded = {
  namespace,
  name: "orders",
  ...subscriptionSpec,
  status: "active",
  state: "live",
  position: "1042",
  lag: 0,
  ...created,
}

export const replaySpec: typeof ReplaySpec.Encoded = {
  from: { time: "2026-03-01T00:00:00Z" },
  pace: { rate: "20/s" },
}

export const replay: typeof ReplayShape.Encoded = {
  namespace,
  subscription: "orders",
  id: "rp_0mwqpn0cs0000",
  state: "running",
  from: "900",
  to: "1042",
  pace: { rate: "20/s" },
  position: "941",
  progress: 0.29,
  delivered: 40,
  failed: 1,
  dead: 0,
  skipped: 0,
  createdAt: "2026-03-02T10:00:00.000Z",
}

export const eventTypeSpec: typeof EventTypeBody.Encoded = {
  description: "A customer has placed an order.",
  schema: {
    type: "object",
    required: ["order", "total"],
    properties: { order: { type: "string" }, total: { type: "number", minimum: 0 } },
  },
  example: event.data,
}

export const eventType: typeof EventTypeShape.Encoded = {
  type: event.type,
  ...eventTypeSpec,
  ...created,
}

export const delivery: typeof DeliveryShape.Encoded = {
  subscription: "orders",
  sink: "orders-hook",
  status: "waiting",
  because: "retry",
  text: "attempt 2 is due at 2026-03-02T09:31:14.000Z, since attempt 1 failed: HTTP 503",
  attempt: 2,
  dueAt: "2026-03-02T09:31:14.000Z",
  reason: "HTTP 503",
  attempts: [
    {
      attempt: 1,
      startedAt: "2026-03-02T09:31:12.500Z",
      durationMs: 84,
      outcome: "retry",
      status: 503,
      reason: "HTTP 503",
    },
  ],
}

export const deadLetter: Omit<typeof DeadLetterShape.Encoded, "event"> & {
  readonly event: typeof event
} = {
  id: "dl_0mwqpn0cs0000",
  subscription: "orders",
  sequence: "1042",
  reason: "rejected",
  detail: "the sink rejected the event: HTTP 422",
  attempts: 1,
  acceptedAt: "2026-03-02T09:31:12.490Z",
  firstAttemptAt: "2026-03-02T09:31:12.500Z",
  deadAt: "2026-03-02T09:31:12.584Z",
  event,
}

export const redelivered: typeof Redelivered.Encoded = { redelivered: 12, skipped: 0, next: null }

export const sourceSpec: typeof SourceSpec.Encoded = {
  kind: "wal",
  databaseUrl: "postgres://eventloom@db.internal:5432/shop",
  slot: "eventloom_shop",
  publication: "eventloom",
  namespaceColumn: "tenant",
}

const { databaseUrl: __, ...shownSourceSpec } = sourceSpec

export const snapshot: typeof SnapshotShape.Encoded = {
  table: "public.orders",
  state: "reading",
  rows: 48_000,
  estimatedRows: 120_000,
  problem: null,
  requestedAt: created.createdAt,
  endedAt: null,
}

export const source: typeof SourceShape.Encoded = {
  name: "shop-database",
  ...shownSourceSpec,
  kind: "wal",
  server: "db.internal:5432/shop",
  state: "streaming",
  problem: null,
  position: "16/B374D848",
  lag: 0,
  walStatus: "reserved",
  snapshots: [snapshot],
  counts: {
    changes: 4711,
    transactions: 1200,
    events: 4711,
    duplicates: 0,
    snapshotRows: 0,
    skipped: 0,
    parked: 0,
    unreadable: 0,
    reduced: 0,
  },
  ...created,
}

export const actors = {
  path: "mesh",
  kind: "mesh",
  state: "running",
  since: created.createdAt,
  restarts: 0,
  queueDepth: 0,
  handled: 5,
  children: [
    {
      path: "mesh/namespaces/acme.example",
      kind: "namespace",
      state: "enabled",
      since: created.createdAt,
      restarts: 0,
      queueDepth: 0,
      handled: 4,
      children: [],
    },
  ],
}

export const metrics =
  "# HELP eventloom_published_events_total Events accepted.\n" +
  "# TYPE eventloom_published_events_total counter\n" +
  "eventloom_published_events_total 1042\n"

export const eventStream =
  "retry: 2000\n\n" +
  "id: 1041\n\n" +
  `id: 1042\nevent: message\ndata: ${JSON.stringify(event)}\n\n`
