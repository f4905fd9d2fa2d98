// The master key: 32 bytes from which the key of every owner is derived (HKDF-SHA256, RFC 5869).
//
// Its id, which sealed texts carry, is derived from it too and tells nothing about it.

import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto"
import { Either, Redacted, Schema } from "effect"

export const MASTER_KEY_BYTES = 32

/** The text is no master key. The text itself is never part of the message. */
export class InvalidMasterKey extends Schema.TaggedError<InvalidMasterKey>()("InvalidMasterKey", {
  origin: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `The master key in ${this.origin} is not valid: ${this.reason}. Make one with \`openssl rand -base64 32\`.`
  }
}

export interface MasterKey {
  /** 11 characters of base64url. */
  readonly id: string
  /** The AES-256 key of an owner. */
  readonly keyOf: (owner: string) => KeyObject
}

const HEX = /^[0-9a-fA-F]{64}$/
const BASE64 = /^(?:[A-Za-z0-9+/]{43}=?|[A-Za-z0-9_-]{43}=?)$/

const derive = (key: KeyObject, info: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync("sha256", key, "", info, bytes))

/** A master key of 32 bytes. The bytes are copied. */
const fromBytes = (bytes: Uint8Array): MasterKey => {
  const key = createSecretKey(bytes)
  return {
    id: derive(key, "eventloom/vault/v1/id", 8).toString("base64url"),
    keyOf: (owner) =>
      createSecretKey(derive(key, `eventloom/vault/v1/owner/${owner}`, MASTER_KEY_BYTES)),
  }
}

/** Reads 32 bytes written in base64, base64url or hex. `origin` says where the text stood. */
export const parseMasterKey = (
  text: Redacted.Redacted,
  origin: string,
): Either.Either<MasterKey, InvalidMasterKey> => {
  const value = Redacted.value(text).trim()
  if (HEX.test(value)) return Either.right(fromBytes(Buffer.from(value, "hex")))
  // Node reads base64 and base64url alike.
  const bytes = BASE64.test(value) ? Buffer.from(value, "base64") : undefined
  return bytes?.length === MASTER_KEY_BYTES
    ? Either.right(fromBytes(bytes))
    : Either.left(
        new InvalidMasterKey({ origin, reason: "32 bytes in base64 or hex are expected" }),
      )
}
