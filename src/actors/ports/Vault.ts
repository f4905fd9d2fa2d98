// Port: seals secrets for rest, under a key of their namespace.

import { Context, type Effect, type Redacted, Schema } from "effect"

/** A sealed secret cannot be opened: the master key is another one, or the text was tampered with. */
export class SecretUnreadable extends Schema.TaggedError<SecretUnreadable>()("SecretUnreadable", {
  owner: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `A secret of "${this.owner}" cannot be opened: ${this.reason}`
  }
}

/** A new Ed25519 key pair. */
export interface GeneratedSigningKey {
  /** The thumbprint of the public key (RFC 7638), in base64url. */
  readonly kid: string
  /** The 32 bytes of the public key, in base64url. */
  readonly publicKey: string
  /** As Standard Webhooks writes it: `whsk_` and the base64 of the seed and the public key. */
  readonly secretKey: Redacted.Redacted
}

export class Vault extends Context.Tag("eventloom/Vault")<
  Vault,
  {
    /** `owner` is a namespace, or `hosttype:<name>`; what is sealed for one cannot be opened for another. */
    readonly seal: (owner: string, secret: Redacted.Redacted) => Effect.Effect<string>
    readonly open: (
      owner: string,
      sealed: string,
    ) => Effect.Effect<Redacted.Redacted, SecretUnreadable>
    /** A new Standard Webhooks secret, `whsec_` and the base64 of 32 random bytes. */
    readonly generateWebhookSecret: Effect.Effect<Redacted.Redacted>
    readonly generateSigningKey: Effect.Effect<GeneratedSigningKey>
    /** `length` random characters of A-Z, a-z and 0-9, fit for a secret. */
    readonly generateText: (length: number) => Effect.Effect<Redacted.Redacted>
    /** SHA-256 in hex: how a secret is kept that is long, random and only ever compared. */
    readonly digest: (secret: string) => string
  }
>() {}
