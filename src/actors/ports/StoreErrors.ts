// What every store can answer instead of a result.

import { Schema } from "effect"

/**
 * The store did not carry out the operation, or did not say whether it did. Transient: the caller
 * may try again (appends are recognised as duplicates by their event's source and id).
 */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  operation: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `The store is not available (${this.operation}): ${this.reason}`
  }
}

/** Another process holds the store; exactly one may write. */
export class StoreLocked extends Schema.TaggedError<StoreLocked>()("StoreLocked", {
  store: Schema.String,
  holder: Schema.String,
}) {
  override get message(): string {
    return `The store ${this.store} is in use by another process (${this.holder}). Stop it first, or choose another store.`
  }
}
