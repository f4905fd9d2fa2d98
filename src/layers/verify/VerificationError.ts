// What can be wrong with a webhook that was received, or with what it is verified with.

export type SignatureFault =
  /** A header of Standard Webhooks is missing, given twice, or not in its form. */
  | "malformed-header"
  /** The timestamp is too far from the present: an old request played again, or a clock that is wrong. */
  | "timestamp-out-of-tolerance"
  /** None of the signatures is by one of the keys. */
  | "no-matching-signature"
  /** Signed, but not a CloudEvent, or a batch of them. */
  | "malformed-event"
  /** Signed, but in binary mode, where the signature does not cover the attributes. */
  | "unsigned-attributes"
  /** The key set could not be had: not the fault of the request. Answer 503, to get it again. */
  | "keys-unavailable"
  /** The options have no key, or one that is none: a mistake in the program. */
  | "invalid-key"

/** Never says what was expected, and never holds a secret. */
export class WebhookVerificationError extends Error {
  override readonly name = "WebhookVerificationError"
  readonly code: SignatureFault

  constructor(code: SignatureFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
