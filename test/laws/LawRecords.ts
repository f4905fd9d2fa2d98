// Records for the laws of the registry and the delivery log: every field, present and absent.

import { createHash } from "node:crypto"
import { DateTime, Duration } from "effect"
import * as fc from "fast-check"
import type { Attempt, Deferral, NewDeadLetter, StoredKey } from "../../src/actors/index.js"
import {
  AttemptOutcome,
  type AuditEntry,
  CataloguedType,
  type EventTypeEntry,
  ByteSize,
  type DeadLetterReason,
  defaultRetryPolicy,
  type HostType,
  HostTypeName,
  KeySetId,
  keySetIdLength,
  type KeyId,
  type Namespace,
  type NamespaceKey,
  type NamespaceName,
  reasonOf,
  type Replay,
  ReplayId,
  Sequence,
  type Settings,
  type SigningKey,
  type Sink,
  SinkName,
  type Subscription,
  SubscriptionName,
  type SubscriptionSpec,
  TypePattern,
} from "../../src/domain/index.js"
import { awkwardText } from "./LawEvents.js"

/** What follows the first character of a resource's name; such names sort differently by locale. */
const tail = fc.stringOf(fc.constantFrom(...Array.from("aAbBzZ09._-")), { maxLength: 4 })

/** For `freshNamespaces`: what follows the common part of the names. */
export const namespaceSuffix = fc
  .tuple(
    fc.stringOf(fc.constantFrom(...Array.from("abz09.-")), { maxLength: 5 }),
    fc.constantFrom("a", "0", "z"),
  )
  .map(([middle, end]) => middle.replace(/\.{2,}|-\.|\.-|^\.|\.$/g, "x") + end)

export const resourceName = fc
  .tuple(fc.constantFrom("a", "A", "b", "0", "Z"), tail)
  .map((parts) => parts.join(""))

/** Records under names that differ. */
export const named = <A>(name: fc.Arbitrary<string>, record: fc.Arbitrary<A>) =>
  fc.uniqueArray(fc.tuple(name, record), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 10,
  })

export const byName = <A extends { readonly name: string }>(records: ReadonlyArray<A>): Array<A> =>
  [...records].sort((a, b) => (a.name < b.name ? -1 : 1))

const millis = fc.integer({ min: 0, max: 8_640_000_000_000_000 })
const safeText = awkwardText.map((text) => reasonOf(text))

const retry = fc
  .record({ attempts: fc.integer({ min: 1, max: 100 }), factor: fc.integer({ min: 1, max: 10 }) })
  .map((some) => ({ ...defaultRetryPolicy, ...some }))

const duration = fc.integer({ min: 0, max: 1e9 }).map((value) => Duration.millis(value))
const bytes = fc.nat(1e9).map((value) => ByteSize.make(value))
const amount = fc.integer({ min: 1, max: 1e9 })
const rate = fc.record({
  amount,
  perMillis: fc.constantFrom(1_000, 60_000, 3_600_000),
  burst: amount,
})

const settingFields = {
  retry: fc.option(retry),
  retentionAge: fc.option(duration),
  retentionBytes: fc.option(bytes),
  dropUndelivered: fc.option(fc.boolean()),
  maxEventBytes: fc.option(bytes),
  publishRate: fc.option(rate),
  publishByteRate: fc.option(rate),
  maxJournalBytes: fc.option(bytes),
  maxSinks: fc.option(fc.nat(1_000)),
  maxSubscriptions: fc.option(fc.nat(1_000)),
  maxConcurrentDeliveries: fc.option(fc.integer({ min: 1, max: 65_536 })),
  sinkKinds: fc.option(fc.array(fc.constantFrom("webhook", "stdout"))),
  webhookUrl: fc.option(safeText),
  webhookSecret: fc.option(safeText),
}

export const settings: fc.Arbitrary<Settings> = fc.record(settingFields, { requiredKeys: [] })

export const hostType: fc.Arbitrary<Omit<HostType, "name">> = fc.record({
  defaults: settings,
  createdAt: millis,
  updatedAt: millis,
})

export const namespace: fc.Arbitrary<Omit<Namespace, "name">> = fc.record(
  {
    incarnation: safeText,
    hostType: fc.constantFrom("standard", "Premium").map((type) => HostTypeName.make(type)),
    overrides: settings,
    status: fc.constantFrom("enabled" as const, "disabled" as const),
    createdAt: millis,
    updatedAt: millis,
  },
  { requiredKeys: ["incarnation", "overrides", "status", "createdAt", "updatedAt"] },
)

export const plainNamespace = (name: NamespaceName): Namespace => ({
  name,
  incarnation: "first",
  overrides: {},
  status: "enabled",
  createdAt: 1,
  updatedAt: 1,
})

const optionValue = fc
  .oneof(safeText, fc.jsonValue({ maxDepth: 2 }))
  .map((value): unknown => JSON.parse(JSON.stringify(value)))

/** `Schema.Record` loses a member of the name "__proto__"; no transport has such an option. */
const optionName = safeText.filter((text) => text !== "__proto__")

export const sink: fc.Arbitrary<Omit<Sink, "namespace" | "name">> = fc.record(
  {
    kind: fc.constantFrom("webhook", "stdout"),
    options: fc.dictionary(optionName, optionValue, { maxKeys: 4 }),
    sealed: safeText,
    retiring: fc.record({ sealed: safeText, until: millis }),
    concurrency: fc.integer({ min: 1, max: 1024 }),
    createdAt: millis,
    updatedAt: millis,
  },
  { requiredKeys: ["kind", "options", "concurrency", "createdAt", "updatedAt"] },
)

export const plainSink = (namespace: NamespaceName, name: string): Sink => ({
  namespace,
  name: SinkName.make(name),
  kind: "stdout",
  options: {},
  concurrency: 1,
  createdAt: 1,
  updatedAt: 1,
})

export const plainSigningKey = (namespace: NamespaceName, kid: string): SigningKey => ({
  namespace,
  keySet: keySetOf(namespace),
  kid,
  publicKey: `public of ${kid}`,
  sealed: `sealed of ${kid}`,
  createdAt: 1,
})

/** A set of its own for each namespace. */
export const keySetOf = (namespace: NamespaceName): KeySetId =>
  KeySetId.make(createHash("sha256").update(namespace).digest("hex").slice(0, keySetIdLength))

const spec: fc.Arbitrary<SubscriptionSpec> = fc.record(
  {
    sink: fc.constantFrom("s", "T").map((name) => SinkName.make(name)),
    types: fc.array(
      fc.constantFrom("*", "a.*", "a.b").map((type) => TypePattern.make(type)),
      {
        minLength: 1,
      },
    ),
    startAt: fc.oneof(
      fc.constantFrom<"now" | "earliest">("now", "earliest"),
      fc.record({ sequence: fc.nat().map((value) => Sequence.make(value)) }),
      fc.record({ time: millis.map((value) => DateTime.unsafeMake(value)) }),
    ),
    ordering: fc.constantFrom("none" as const, "key" as const, "strict" as const),
    concurrency: fc.integer({ min: 1, max: 1024 }),
    retry,
    batch: fc.record({
      maxEvents: fc.integer({ min: 1, max: 1000 }),
      maxBytes: bytes,
      maxWait: fc.integer({ min: 0, max: 60_000 }).map((value) => Duration.millis(value)),
    }),
    rateLimit: rate,
    audit: fc.constantFrom("failures" as const, "all" as const),
  },
  { requiredKeys: ["sink"] },
)

export const subscription: fc.Arbitrary<Omit<Subscription, "namespace" | "name">> = fc.record(
  {
    spec,
    status: fc.constantFrom("active" as const, "paused" as const, "disabled" as const),
    reason: safeText,
    createdAt: millis,
    updatedAt: millis,
  },
  { requiredKeys: ["spec", "status", "createdAt", "updatedAt"] },
)

export const plainSubscription = (
  namespace: NamespaceName,
  name: string,
  status: Subscription["status"] = "active",
): Subscription => ({
  namespace,
  name: SubscriptionName.make(name),
  spec: { sink: SinkName.make("s") },
  status,
  createdAt: 1,
  updatedAt: 1,
})

const ofReplay = fc.constantFrom(...["rp_1", "rp_2"].map((id) => ReplayId.make(id)))

export const deferral = (sequence: number): fc.Arbitrary<Deferral> =>
  fc.record({
    sequence: fc.constant(Sequence.make(sequence)),
    orderKey: fc.option(safeText, { nil: undefined }),
    attempts: fc.nat(100),
    dueAt: fc.option(millis, { nil: undefined }),
    since: millis,
    parkedSince: fc.option(millis, { nil: undefined }),
    reason: safeText,
  })

/** One that was a dead letter, perhaps of a replay. */
export const redeliveredDeferral = (sequence: number): fc.Arbitrary<Deferral> =>
  fc
    .tuple(deferral(sequence), fc.option(ofReplay, { nil: undefined }))
    .map(([one, replay]) => ({ ...one, replay }))

export const plainDeferral = (sequence: number): Deferral => ({
  sequence: Sequence.make(sequence),
  orderKey: undefined,
  attempts: 1,
  dueAt: 1_000,
  since: 1,
  parkedSince: undefined,
  reason: reasonOf("timed out"),
})

const deadReason: fc.Arbitrary<DeadLetterReason> = fc.oneof(
  fc.record({
    _tag: fc.constant("AttemptsExhausted" as const),
    attempts: fc.nat(),
    last: safeText,
  }),
  fc.record({ _tag: fc.constant("Rejected" as const), reason: safeText }),
  fc.record({
    _tag: fc.constant("ParkedTooLong" as const),
    parkedMillis: fc.nat(),
    last: safeText,
  }),
  fc.record({ _tag: fc.constant("FilterFailed" as const), reason: safeText }),
  fc.record({ _tag: fc.constant("TransformFailed" as const), reason: safeText }),
)

export const deadLetter = (id: string): fc.Arbitrary<NewDeadLetter> =>
  fc.record({
    replay: fc.option(ofReplay, { nil: undefined }),
    id: fc.constant(id),
    sequence: fc
      .integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
      .map((value) => Sequence.make(value)),
    json: awkwardText.map((text) => JSON.stringify({ text })),
    acceptedAt: millis,
    reason: deadReason,
    attempts: fc.nat(),
    firstAttemptAt: millis,
    deadAt: millis,
  })

export const attempt: fc.Arbitrary<Attempt> = fc.record(
  {
    sequence: fc.integer({ min: 1, max: 4 }).map((value) => Sequence.make(value)),
    since: fc.constantFrom(1, 8_640_000_000_000_000),
    attempt: fc.integer({ min: 1, max: 3 }),
    startedAt: millis,
    durationMillis: fc.nat(),
    outcome: fc.constantFrom(...AttemptOutcome.literals),
    reason: safeText,
    status: fc.integer({ min: 100, max: 599 }),
    replay: ofReplay,
  },
  { requiredKeys: ["sequence", "since", "attempt", "startedAt", "durationMillis", "outcome"] },
)

export const plainAttempt = (sequence: number): Attempt => ({
  sequence: Sequence.make(sequence),
  since: 1,
  attempt: 1,
  startedAt: 1,
  durationMillis: 5,
  outcome: "Delivered",
})

export const plainDeadLetter = (id: string): NewDeadLetter => ({
  id,
  sequence: Sequence.make(1),
  json: "{}",
  acceptedAt: 1,
  reason: { _tag: "Rejected", reason: reasonOf("400") },
  attempts: 1,
  firstAttemptAt: 1,
  deadAt: 2,
})

export const key: fc.Arbitrary<Omit<NamespaceKey, "namespace" | "id">> = fc.record(
  {
    name: fc.constantFrom("checkout", "Zürich – 1", "'; drop table keys; --"),
    scopes: fc.constantFrom<NamespaceKey["scopes"]>(["publish"], ["read", "manage"]),
    createdAt: millis,
    expiresAt: millis,
    lastUsedAt: millis,
  },
  { requiredKeys: ["scopes", "createdAt"] },
)

export const plainKey = (namespace: NamespaceName, id: KeyId): StoredKey => ({
  key: { namespace, id, scopes: ["read"], createdAt: 1 },
  digest: "ab".repeat(32),
})

const author: fc.Arbitrary<AuditEntry["by"]> = fc.oneof(
  fc.constantFrom({ kind: "operator" as const }, { kind: "process" as const }),
  safeText.map((name) => ({ kind: "process" as const, name })),
)

export const entryOf = (id: string, at: number): fc.Arbitrary<AuditEntry> =>
  fc.record(
    {
      id: fc.constant(id),
      at: fc.constant(at),
      by: author,
      action: fc.constantFrom("sink.put", "key.revoke"),
      resource: fc.record({ kind: fc.constant("sink"), name: safeText }),
      fields: fc.array(safeText, { maxLength: 3 }),
      counts: fc.dictionary(fc.constantFrom("rows", "completed"), fc.nat(), {
        noNullPrototype: true,
      }),
      requestId: safeText,
    },
    { requiredKeys: ["id", "at", "by", "action", "resource"] },
  )

export const plainEventType = (type: string): EventTypeEntry => ({
  type: CataloguedType.make(type),
  schema: { type: "object" },
  createdAt: 1,
  updatedAt: 1,
})

export const plainEntry = (id: string, at = 1): AuditEntry => ({
  id,
  at,
  by: { kind: "operator" },
  action: "sink.put",
  resource: { kind: "sink", name: "s" },
})

export const replayId = fc
  .stringOf(fc.constantFrom(...Array.from("az09")), { minLength: 1, maxLength: 5 })
  .map((text) => `rp_${text}`)

export const replayKey = (namespace: NamespaceName, subscription: string, id: string) => ({
  namespace,
  subscription: SubscriptionName.make(subscription),
  id: ReplayId.make(id),
})

const place = fc.nat(Number.MAX_SAFE_INTEGER).map((value) => Sequence.make(value))

export const replay: fc.Arbitrary<Omit<Replay, "namespace" | "subscription" | "id">> = fc.record({
  from: place,
  to: place,
  pace: fc.record(
    {
      rate: fc.record({
        amount: fc.integer({ min: 1, max: 1e9 }),
        perMillis: fc.constantFrom(1_000, 60_000, 3_600_000),
        burst: fc.integer({ min: 1, max: 1e9 }),
      }),
      concurrency: fc.integer({ min: 1, max: 1024 }),
    },
    { requiredKeys: [] },
  ),
  status: fc.constantFrom("running" as const, "completed" as const, "cancelled" as const),
  position: place,
  delivered: fc.nat(),
  failed: fc.nat(),
  dead: fc.nat(),
  skipped: fc.nat(),
  createdAt: millis,
  endedAt: fc.option(millis, { nil: undefined }),
})

export const plainReplay = (
  namespace: NamespaceName,
  subscription: string,
  id: string,
): Replay => ({
  ...replayKey(namespace, subscription, id),
  from: Sequence.make(1),
  to: Sequence.make(9),
  pace: {},
  status: "running",
  position: Sequence.make(0),
  delivered: 0,
  failed: 0,
  dead: 0,
  skipped: 0,
  createdAt: 1,
  endedAt: undefined,
})
