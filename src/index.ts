// The public API for those who use Effect: the mesh, its events, its errors, and the ports that a
// custom transport or store implements.
//
// Loads effect and xstate and nothing else. What touches the world is in subpaths: stores, transports,
// `eventloom/single-process`, and `eventloom/promise` for those who do not use Effect.

// The mesh
export {
  type DeadLetterListing,
  type DeliveryView,
  defaultMeshConfig,
  type Durability,
  type EventReader,
  type Followed,
  type FollowEnd,
  type FollowError,
  type FollowOptions,
  type HandlerOptions,
  type Health,
  type HealthProblem,
  type HostTypeView,
  type KeyInput,
  type Listing,
  type LiveTap,
  Mesh,
  MeshConfig,
  type MeshConfigShape,
  meshLayer,
  type MeshMetrics,
  MeshOverloaded,
  type MeshService,
  type NamespaceDetail,
  type NamespaceInput,
  type NamespaceView,
  type PublishError,
  type Publisher,
  type Put,
  type Receipt,
  type RedeliveryCount,
  type SettingsView,
  type SecretRotationInput,
  type SigningKeysView,
  type SigningKeyView,
  type SinkInput,
  type SinkView,
  type SubscriptionState,
  type SubscriptionView,
  TooManyFollowers,
} from "./actors/index.js"
export {
  type ChangeOrigin,
  changingAs,
  CurrentOrigin,
  TooManyUnknownKeys,
} from "./actors/index.js"
export type { ActorSnapshot, ActorTree } from "./actors/index.js"

// Events
export {
  type AttributeValue,
  CloudEvent,
  type CloudEventInput,
  defaultEventLimits,
  EventId,
  EventLimits,
  EventSource,
  EventTooLarge,
  DefinableEventType as EventType,
  type EventTypeDefinition,
  type EventValueProblem,
  InvalidEvent,
  JournaledEvent,
  origin,
  parseCloudEvent,
  Sequence,
  SequenceFromString,
  TooDeep,
  type TypedEventInput,
} from "./domain/index.js"

// Names, settings, and what can be wrong with them
export {
  HostTypeInUse,
  HostTypeName,
  HostTypeNotFound,
  InvalidSetting,
  NamespaceDisabled,
  NamespaceName,
  NamespaceNotFound,
  NamespaceRemoving,
  NamespaceStatus,
  RotationUnderWay,
  KeySetId,
  PublicJwk,
  Settings,
  SinkInUse,
  SinkName,
  SinkNotFound,
  SubscriptionName,
  SubscriptionNotFound,
} from "./domain/index.js"

// Catalogues of event types
export {
  CataloguedType,
  CatalogueFull,
  CatalogueOwner,
  EventTypeEntry,
  EventTypeNotFound,
  EventTypeSpec,
  hostTypeCatalogue,
  namespaceCatalogue,
  SchemaMismatch,
  UnregisteredType,
} from "./domain/index.js"
export type { EventTypeView } from "./actors/index.js"

// Keys, scopes, and who changed what
export {
  AuditEntry,
  type Caller,
  ChangeAuthor,
  KeyId,
  KeyNotFound,
  NamespaceKey,
  KeyScope,
} from "./domain/index.js"

// Subscriptions and deliveries
export {
  BatchLimits,
  type BreakerPolicy,
  AttemptOutcome,
  Audit,
  DeadLetterKind,
  DeadLetterNotFound,
  DeadLetterReason,
  defaultBreakerPolicy,
  defaultRetryPolicy,
  DeliveryAttempt,
  DeliveryStanding,
  DeliveryUnderWay,
  describeStanding,
  EventNotFound,
  describeDeadLetter,
  InvalidTypePattern,
  Ordering,
  Outcome,
  parseTypePattern,
  Reason,
  reasonOf,
  RedeliveryFull,
  type RetryPolicy,
  RetryPolicyText,
  StartAt,
  SubscriptionInactive,
  SubscriptionSpec,
  SubscriptionStatus,
  WaitingCause,
  typeMatches,
  TypePattern,
} from "./domain/index.js"

// Limits
export {
  JournalFull,
  NamespaceLimits,
  NamespaceUsage,
  PublishExceedsBurst,
  PublishRateExceeded,
  type PublishRefused,
  QuotaReached,
  type Rate,
  RateText,
} from "./domain/index.js"

// Removal
export { InFlightReport, RemovalReport, RemovalStep, RemovalStepReport } from "./domain/index.js"

// For custom transports
export {
  type Connection,
  type Delivery,
  type Handler,
  HandlerAttached,
  Handlers,
  type HandlerSlot,
  RejectEvent,
  type OpenSigningKey,
  type RetiringOptions,
  type SinkConfig,
  type SinkSecrets,
  type Transport,
  Transports,
} from "./actors/index.js"
export { ByteSizeText, durationBetween, DurationText } from "./domain/index.js"
export * as TransportRegistry from "./layers/transports/TransportRegistry.js"

// For custom stores and vaults
export {
  type Appended,
  type Attempt,
  AuditLog,
  type AuditTrim,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type Deferral,
  DeliveryLog,
  type DeliveryRecords,
  EventTypes,
  Invalidation,
  Journal,
  type JournalBounds,
  type JournalEntry,
  type JournalRead,
  Keys,
  type KeyUse,
  type KeptEvent,
  type NewDeadLetter,
  type Page,
  type ProgressChange,
  type PurgeKind,
  type Redelivery,
  Registry,
  Removals,
  SchemaValidator,
  Replays,
  type Retention,
  SecretUnreadable,
  SigningKeys,
  type StoredKey,
  StoreLocked,
  type StorePorts,
  StoreUnavailable,
  type SubscriptionProgress,
  Vault,
} from "./actors/index.js"
export { HostType, Namespace, SigningKey, Sink, Subscription } from "./domain/index.js"
