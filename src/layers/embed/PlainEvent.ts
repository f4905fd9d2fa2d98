// Events in plain types: what is published, what handlers and streams get, and what a handler throws.

/** An event to publish: a CloudEvent, of which only type and source are required. */
export interface NewEvent {
  readonly type: string
  /** A URI reference: who says it. With `id` it identifies the event. */
  readonly source: string
  /** Default: a random UUID. */
  readonly id?: string | undefined
  /** Default: the present. */
  readonly time?: string | Date | undefined
  readonly subject?: string | undefined
  /** Any JSON value. Leave it unchanged from then on: handlers of this process get the same object. */
  readonly data?: unknown
  readonly datacontenttype?: string | undefined
  readonly dataschema?: string | undefined
  /** Binary data in base64, instead of `data`. */
  readonly data_base64?: string | undefined
  /** Extension attributes, such as `partitionkey`: strings, 32-bit integers or booleans. */
  readonly [extension: string]: unknown
}

/** A CloudEvent 1.0 in the shape of its JSON format. */
export interface MeshEvent {
  readonly specversion: "1.0"
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject?: string
  readonly time?: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  readonly data?: unknown
  readonly data_base64?: string
  readonly [extension: string]: unknown
}

export interface PublishReceipt {
  readonly source: string
  readonly id: string
  /** Its place in the journal of the namespace, from 1; 0 for an ephemeral event. */
  readonly sequence: number
  /** It was published before, with that sequence, and nothing was delivered. */
  readonly duplicate: boolean
}

/** One attempt at one event. */
export interface DeliveryInfo {
  /** The same for every attempt at this delivery, and for no other: dedupe by it. */
  readonly id: string
  /** 1 for the first. */
  readonly attempt: number
  readonly namespace: string
  readonly subscription: string
  readonly sequence: number
  /** When the event was accepted. */
  readonly acceptedAt: Date
  /** Aborted when the delivery is cut off: what the handler answers then is ignored. */
  readonly signal: AbortSignal
}

export interface EventPage {
  readonly events: ReadonlyArray<{ readonly sequence: number; readonly event: MeshEvent }>
  /** Where to read on; undefined when the end is reached. */
  readonly next: number | undefined
}

/**
 * Events as they are published. It begins with the call that made it, and its buffer is bounded:
 * close it, or leave the loop over it. Iterate once.
 */
export interface EventStream extends AsyncIterable<MeshEvent> {
  /** Resolves when it is attached: what is published after that is in it. */
  readonly ready: Promise<void>
  /** Events it lost because it was read too slowly. */
  readonly dropped: number
  close(): Promise<void>
}

/** An event with its place in the journal: from 1, or 0 for an ephemeral one. */
export interface TailedEvent {
  readonly sequence: number
  readonly event: MeshEvent
}

/**
 * The events of a namespace in order, without gap or repeat, however slowly they are read. It ends when
 * the namespace is removed or the mesh is closed. Iterate once; leaving the loop closes it.
 */
export interface EventTail extends AsyncIterable<TailedEvent> {
  /** Resolves when it is attached: what is published after that is in it. */
  readonly ready: Promise<void>
  /** Give it as `after` to go on with the event that the loop has in hand, or the next one. */
  readonly position: number
  /** Ephemeral events it lost because it was read too slowly. */
  readonly dropped: number
  /** Events that retention took before they were read, whatever their type. */
  readonly expired: number
  close(): Promise<void>
}

/** Thrown by a handler that will never take the event: it becomes a dead letter at once. */
export class RejectEvent extends Error {
  override readonly name = "RejectEvent"
}

/** Thrown by a handler to be called again, but not before a time. */
export class RetryLater extends Error {
  override readonly name = "RetryLater"
  readonly notBefore: Date

  constructor(message: string, notBefore: Date, options?: ErrorOptions) {
    super(message, options)
    this.notBefore = notBefore
  }
}
