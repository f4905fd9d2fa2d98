// What the Promise API rejects with: `code` says which failure it is, `facts` what it is about.

/** The failures that a caller can act on. */
export type MeshErrorCode =
  | "DeadLetterNotFound"
  | "DeliveryUnderWay"
  | "EventNotFound"
  | "CatalogueFull"
  | "EventTooLarge"
  | "EventTypeNotFound"
  | "HandlerAttached"
  | "HostTypeNotFound"
  | "InvalidEvent"
  | "InvalidMasterKey"
  | "InvalidSetting"
  | "JournalFull"
  | "KeyNotFound"
  | "MasterKeyExposed"
  | "MasterKeyFileUnusable"
  | "MasterKeyMissing"
  | "MasterKeyWrong"
  | "MeshClosed"
  | "MeshOverloaded"
  | "NamespaceDisabled"
  | "NamespaceNotFound"
  | "NamespaceRemoving"
  | "PublishExceedsBurst"
  | "PublishRateExceeded"
  | "QuotaReached"
  | "RotationUnderWay"
  | "RedeliveryFull"
  | "ReplayNotFound"
  | "SchemaMismatch"
  | "SinkInUse"
  | "SinkNotFound"
  | "SourceNotFound"
  | "StoreLocked"
  | "StoreTooNew"
  | "StoreUnavailable"
  | "StoreUnsuitable"
  | "SubscriptionInactive"
  | "SubscriptionNotFound"
  | "TooDeep"
  | "TooManyFollowers"
  | "TooManyReplays"
  | "UnregisteredType"

export class MeshError extends Error {
  override readonly name = "MeshError"
  readonly code: MeshErrorCode
  /** What is wrong with the input, such as `source` or `retry.attempts`; absent when it is not the input. */
  readonly field?: string
  /** The facts behind the message, such as `{ namespace: "acme.example" }`. */
  readonly facts: Readonly<Record<string, unknown>>

  constructor(
    code: MeshErrorCode,
    message: string,
    facts: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.code = code
    this.facts = facts
    const { field } = facts
    if (typeof field === "string") this.field = field
  }

  /** The code again, for those who tell unions apart by `_tag`. */
  get _tag(): MeshErrorCode {
    return this.code
  }
}
