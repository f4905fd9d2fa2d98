// Signatures as Standard Webhooks 1.0 defines them, over `<id>.<timestamp>.<body>`: HMAC-SHA256 with a
// shared secret, sent as `v1,<base64>`, and Ed25519 with a key pair, sent as `v1a,<base64>`. There is
// one per secret and key, space-separated.

import { createPrivateKey, createSecretKey, type KeyObject, sign } from "node:crypto"
import { Either, Redacted, Schema } from "effect"
import { hmacSha256 } from "./HmacSha256.js"

export const MIN_SECRET_BYTES = 24
export const MAX_SECRET_BYTES = 64
/** The current secret and those being rotated out. */
export const MAX_SECRETS = 4

/** The text is no signing secret. It is never part of the message. */
export class InvalidSecret extends Schema.TaggedError<InvalidSecret>()("InvalidSecret", {
  reason: Schema.String,
}) {
  override get message(): string {
    return `The signing secret is not valid: ${this.reason}`
  }
}

const FORM = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/

/** Reads one secret, or several separated by spaces: the first is the newest, and signs first. */
export const parseSecrets = (
  text: Redacted.Redacted,
): Either.Either<ReadonlyArray<KeyObject>, InvalidSecret> => {
  const fail = (reason: string) => Either.left(new InvalidSecret({ reason }))
  const parts = Redacted.value(text)
    .trim()
    .split(/ +/, MAX_SECRETS + 1)
  if (parts.length > MAX_SECRETS) return fail(`there are more than ${MAX_SECRETS}`)
  const keys: Array<KeyObject> = []
  for (const part of parts) {
    const base64 = FORM.exec(part)?.[1]
    if (base64 === undefined) return fail('it must be "whsec_" and base64')
    const bytes = Buffer.from(base64, "base64")
    if (bytes.length < MIN_SECRET_BYTES || bytes.length > MAX_SECRET_BYTES) {
      return fail(`it must hold ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes`)
    }
    keys.push(createSecretKey(bytes))
  }
  return Either.right(keys)
}

/** One signature, with its version, over `prefix`, which is ASCII, and `body` one after the other. */
export type SigningKey = (prefix: string, body: Uint8Array) => string

/** A secret that signs: HMAC-SHA256, as `v1`. */
export const hmacKey = (key: KeyObject): SigningKey => {
  const hmac = hmacSha256(key.export())
  return (prefix, body) => `v1,${hmac(prefix, body)}`
}

const KEY_FORM = /^whsk_([A-Za-z0-9+/]{86}==)$/
const SEED_BYTES = 32
/** What stands before the seed in a PKCS #8 document of an Ed25519 key (RFC 8410). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex")

/** Reads a signing key as Standard Webhooks writes it: `whsk_`, and the base64 of seed and public key. */
export const parseSigningKey = (
  text: Redacted.Redacted,
): Either.Either<KeyObject, InvalidSecret> => {
  const base64 = KEY_FORM.exec(Redacted.value(text))?.[1]
  if (base64 === undefined) {
    return Either.left(
      new InvalidSecret({ reason: 'it must be "whsk_" and the base64 of 64 bytes' }),
    )
  }
  const pair = Buffer.from(base64, "base64")
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, pair.subarray(0, SEED_BYTES)]),
    format: "der",
    type: "pkcs8",
  })
  const { x = "" } = key.export({ format: "jwk" })
  return Buffer.from(x, "base64url").equals(pair.subarray(SEED_BYTES))
    ? Either.right(key)
    : Either.left(new InvalidSecret({ reason: "its public half is of another key" }))
}

/** A key that signs: Ed25519 (RFC 8032), as `v1a`. */
export const ed25519Key =
  (key: KeyObject): SigningKey =>
  (prefix, body) =>
    `v1a,${sign(null, Buffer.concat([Buffer.from(prefix), body]), key).toString("base64")}`
