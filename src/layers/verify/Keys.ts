// What signatures are verified with, in the forms of Standard Webhooks and of JSON Web Keys. Checked by
// WebCrypto, which compares in constant time.

import { fromBase64, fromBase64Url } from "./Base64.js"
import { WebhookVerificationError } from "./VerificationError.js"

export interface VerifyingKey {
  /** Which signatures it is for. */
  readonly version: "v1" | "v1a"
  readonly verify: (
    signature: Uint8Array<ArrayBuffer>,
    signed: Uint8Array<ArrayBuffer>,
  ) => Promise<boolean>
}

type Crypto = typeof globalThis.crypto.subtle

const MIN_SECRET_BYTES = 24
const MAX_SECRET_BYTES = 64
const PUBLIC_KEY_BYTES = 32

const invalid = (reason: string) => new WebhookVerificationError("invalid-key", reason)

const keyOf = async (
  version: VerifyingKey["version"],
  algorithm: "Ed25519" | { readonly name: "HMAC"; readonly hash: "SHA-256" },
  bytes: Uint8Array<ArrayBuffer>,
): Promise<VerifyingKey> => {
  const crypto: Crypto = globalThis.crypto.subtle
  const key = await crypto.importKey("raw", bytes, algorithm, false, ["verify"])
  const name = version === "v1" ? "HMAC" : "Ed25519"
  return { version, verify: (signature, signed) => crypto.verify(name, key, signature, signed) }
}

/** A shared secret: `whsec_` and base64. */
export const secretKey = async (text: string): Promise<VerifyingKey> => {
  const bytes = text.startsWith("whsec_") ? fromBase64(text.slice(6)) : undefined
  if (bytes === undefined || bytes.length < MIN_SECRET_BYTES || bytes.length > MAX_SECRET_BYTES) {
    throw invalid(
      `A secret is "whsec_" and the base64 of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes`,
    )
  }
  return keyOf("v1", { name: "HMAC", hash: "SHA-256" }, bytes)
}

/** A public key: `whpk_` and base64. */
export const publicKey = async (text: string): Promise<VerifyingKey> => {
  const bytes = text.startsWith("whpk_") ? fromBase64(text.slice(5)) : undefined
  if (bytes?.length !== PUBLIC_KEY_BYTES) {
    throw invalid('A public key is "whpk_" and the base64 of 32 bytes')
  }
  return keyOf("v1a", "Ed25519", bytes)
}

/** The Ed25519 keys of a JSON Web Key Set; others are none of ours. Undefined when it is no such set. */
export const keysOfSet = async (set: unknown): Promise<ReadonlyArray<VerifyingKey> | undefined> => {
  if (typeof set !== "object" || set === null || !("keys" in set) || !Array.isArray(set.keys)) {
    return undefined
  }
  const keys: ReadonlyArray<unknown> = set.keys
  return Promise.all(
    keys.flatMap((jwk) => {
      const bytes = ed25519Bytes(jwk)
      return bytes === undefined ? [] : [keyOf("v1a", "Ed25519", bytes)]
    }),
  )
}

const ed25519Bytes = (jwk: unknown): Uint8Array<ArrayBuffer> | undefined => {
  if (typeof jwk !== "object" || jwk === null) return undefined
  const { crv, kty, x }: { kty?: unknown; crv?: unknown; x?: unknown } = jwk
  if (kty !== "OKP" || crv !== "Ed25519" || typeof x !== "string") return undefined
  const bytes = fromBase64Url(x)
  return bytes?.length === PUBLIC_KEY_BYTES ? bytes : undefined
}
