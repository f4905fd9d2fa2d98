// What callers without types may get wrong, read with the schemas of the domain.

import { Either, Schema } from "effect"
import type { MeshConfigShape } from "../../actors/index.js"
import {
  CataloguedType,
  type CloudEvent,
  EventTypeSpec,
  DeadLetterKind,
  defaultBreakerPolicy,
  DurationText,
  HostTypeName,
  KeyId,
  KeyLabel,
  KeyScopes,
  NamespaceName,
  Overlap,
  parseCloudEvent,
  ReplayId,
  ReplayPace,
  Sequence,
  Settings,
  SinkName,
  SourceName,
  SubscriptionName,
  SubscriptionSpec,
  TypePattern,
} from "../../domain/index.js"
import { invalidInput, meshError } from "./Failures.js"
import type { NewEvent } from "./PlainEvent.js"
import type {
  KeyOptions,
  MeshTuning,
  NamespaceSettings,
  PostgresSourceOptions,
  SubscriptionOptions,
} from "./Options.js"
import type { DeadLetterQuery } from "./Views.js"

const reader = <A, I>(schema: Schema.Schema<A, I>, within: string) => {
  const decode = Schema.decodeUnknownEither(schema, { onExcessProperty: "error" })
  return (input: unknown): A =>
    Either.getOrThrowWith(decode(input), (error) => invalidInput(error, within))
}

// Each throws a `MeshError` that names the field.
export const readNamespaceName = reader(NamespaceName, "namespace")
export const readSinkName = reader(SinkName, "name")
export const readSourceName = reader(SourceName, "name")
export const readSubscriptionName = reader(SubscriptionName, "name")
export const readSequence = reader(Sequence, "sequence")
export const readWait = reader(DurationText, "wait")
export const readRotation = reader(
  Schema.Struct({
    secret: Schema.optional(Schema.Redacted(Schema.String)),
    overlap: Schema.optional(Overlap),
  }),
  "",
)
export const readKeyRotation = reader(Schema.Struct({ overlap: Schema.optional(Overlap) }), "")
const plainPlace = {
  sequence: Schema.Struct({ sequence: Sequence }),
  time: Schema.Struct({ time: Schema.DateTimeUtcFromDate }),
}
export const readReplayId = reader(ReplayId, "replay")
export const readReplay = reader(
  Schema.Struct({
    from: Schema.Union(Schema.Literal("earliest"), plainPlace.sequence, plainPlace.time),
    to: Schema.optional(Schema.Union(plainPlace.sequence, plainPlace.time)),
    pace: Schema.optional(ReplayPace),
  }),
  "",
)
export const readTypes = reader(Schema.Array(TypePattern), "types")

const StoreChoice = Schema.Union(
  Schema.Literal("memory"),
  Schema.Struct({ dataDir: Schema.NonEmptyString }),
  Schema.Struct({ databaseUrl: Schema.NonEmptyString, schema: Schema.optional(Schema.String) }),
)
export const readStore = reader(
  StoreChoice.annotations({
    message: () => ({
      message: 'must be "memory", { dataDir } or { databaseUrl }',
      override: true,
    }),
  }),
  "store",
)

const PageRequest = Schema.Struct({
  after: Schema.optionalWith(Sequence, { default: () => Sequence.make(0) }),
  limit: Schema.optionalWith(Schema.Int.pipe(Schema.between(1, 1000)), { default: () => 100 }),
  types: Schema.optional(Schema.Array(TypePattern)),
})
export const readPageRequest = reader(PageRequest, "")

const readDeadLetterQueryOf = reader(
  Schema.Struct({
    subscription: Schema.optional(SubscriptionName),
    reason: Schema.optional(DeadLetterKind),
    since: Schema.optional(Schema.ValidDateFromSelf),
    before: Schema.optional(Schema.ValidDateFromSelf),
    after: Schema.optional(Schema.String),
    limit: Schema.optional(Schema.Int.pipe(Schema.between(1, 10_000))),
  }),
  "",
)

export const readDeadLetterQuery = (query: DeadLetterQuery) => {
  const { reason, since, before, ...rest } = readDeadLetterQueryOf(query)
  return { ...rest, kind: reason, since: since?.getTime(), before: before?.getTime() }
}

const readKeyOptionsOf = reader(
  Schema.Struct({
    name: Schema.optional(KeyLabel),
    scopes: KeyScopes,
    expiresAt: Schema.optional(Schema.ValidDateFromSelf),
  }),
  "",
)

export const readKeyOptions = (options: KeyOptions) => {
  const { expiresAt, ...rest } = readKeyOptionsOf(options)
  return { ...rest, expiresAt: expiresAt?.getTime() }
}

export const readKeyId = reader(KeyId, "key")

export const readAuditQuery = reader(
  Schema.Struct({
    after: Schema.optional(Schema.String),
    limit: Schema.optionalWith(Schema.Int.pipe(Schema.between(1, 1000)), { default: () => 100 }),
  }),
  "",
)
export const readEventType = reader(CataloguedType, "type")
export const readEventTypeSpec = reader(EventTypeSpec, "")

export const readTail = reader(
  Schema.Struct({
    after: Schema.optional(Sequence),
    types: Schema.optional(Schema.Array(TypePattern)),
  }),
  "",
)

const readSettingsOf = reader(
  Schema.Struct({ ...Settings.fields, hostType: Schema.optional(HostTypeName) }),
  "",
)

export const readSettings = (settings: NamespaceSettings) => {
  const { hostType, ...overrides } = readSettingsOf(settings)
  return { ...(hostType === undefined ? {} : { hostType }), overrides }
}

const readOptionsOf = reader(SubscriptionSpec.omit("sink"), "")

export const readOptions = ({ startAt, ...options }: SubscriptionOptions) =>
  readOptionsOf(startAt === undefined ? options : { ...options, startAt: encodedStart(startAt) })

const encodedStart = (startAt: NonNullable<SubscriptionOptions["startAt"]>): unknown => {
  if (typeof startAt === "string") return startAt
  return "sequence" in startAt
    ? { sequence: String(startAt.sequence) }
    : { time: timeText(startAt.time) }
}

// Without what was given: it may be, or hold, the password of the database.
const message = (text: string) => ({ message: () => ({ message: text, override: true }) })

const readStatedSource = reader(
  Schema.Struct(
    { databaseUrl: Schema.optional(Schema.String.annotations(message("must be a string"))) },
    { key: Schema.String, value: Schema.Unknown },
  ).annotations(message("must be an object")),
  "",
)

/** Of these, the mesh reads the rest: it knows what is stored. */
export const readSourceOptions = (options: PostgresSourceOptions) =>
  withoutUndefined(readStatedSource(options))

const Count = Schema.Int.pipe(Schema.between(1, 1_000_000))

const readTuningOf = reader(
  Schema.Struct({
    drainDeadline: Schema.optional(DurationText),
    idleAfter: Schema.optional(DurationText),
    windowEvents: Schema.optional(Count),
    streamBuffer: Schema.optional(Count),
    breaker: Schema.optional(
      Schema.Struct({
        failures: Schema.optionalWith(Count, { default: () => defaultBreakerPolicy.failures }),
        probeInitial: Schema.optionalWith(DurationText, {
          default: () => defaultBreakerPolicy.probeInitial,
        }),
        probeMax: Schema.optionalWith(DurationText, {
          default: () => defaultBreakerPolicy.probeMax,
        }),
      }),
    ),
  }),
  "tuning",
)

export const readTuning = (tuning: MeshTuning): Partial<MeshConfigShape> =>
  withoutUndefined(readTuningOf(tuning))

type Defined<A> = { [K in keyof A]?: Exclude<A[K], undefined> }

const withoutUndefined = <A extends object>(value: A): Defined<A> =>
  Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Defined<A>

/** The event with the id and time it lacks. `index` is its place among those published with it. */
export const readEvent = (
  input: NewEvent,
  defaults: { readonly id: () => string; readonly now: () => number },
  index: number | undefined,
): CloudEvent =>
  Either.getOrThrowWith(
    parseCloudEvent(
      {
        ...input,
        specversion: "1.0",
        id: input.id ?? defaults.id(),
        time: timeText(input.time ?? new Date(defaults.now())),
      },
      undefined,
      index,
    ),
    meshError,
  )

/** A date that is none is left for the reader to refuse. */
const timeText = (time: string | Date): string => {
  if (typeof time === "string") return time
  return Number.isNaN(time.getTime()) ? String(time) : time.toISOString()
}
