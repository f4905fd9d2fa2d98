// The keys that a namespace signs with where receivers are to verify without a secret: Ed25519
// (RFC 8032), one pair per namespace, and the one before it while they are being rotated.
//
// The public halves are published as a JSON Web Key Set (RFC 7517, RFC 8037) under the id of the
// namespace's key set. The id is drawn by chance, stays through rotations, and names no tenant: who
// has not been given it cannot find the set, and learns nothing of which namespaces there are.

import { Schema } from "effect"
import { NamespaceName } from "../namespace/index.js"

/** 22 letters and digits have 131 bits. */
export const keySetIdLength = 22

export const KeySetId = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9]{22}$/),
  Schema.brand("KeySetId"),
)
export type KeySetId = typeof KeySetId.Type

export const SigningKey = Schema.Struct({
  namespace: NamespaceName,
  keySet: KeySetId,
  /** The thumbprint of the public key (RFC 7638), in base64url. */
  kid: Schema.String,
  /** The 32 bytes of the public key, in base64url: `x` of its JWK. */
  publicKey: Schema.String,
  /** The secret key, sealed. */
  sealed: Schema.String,
  createdAt: Schema.Number,
  /** It was rotated out, and signs beside the present one until then. */
  until: Schema.optional(Schema.Number),
})
/** Times are milliseconds since the epoch. */
export type SigningKey = typeof SigningKey.Type

/** A public key as RFC 8037 writes it. */
export const PublicJwk = Schema.Struct({
  kty: Schema.Literal("OKP"),
  crv: Schema.Literal("Ed25519"),
  x: Schema.String,
  kid: Schema.String,
  use: Schema.Literal("sig"),
  alg: Schema.Literal("EdDSA"),
})
export type PublicJwk = typeof PublicJwk.Type

export const publicJwk = ({ kid, publicKey }: SigningKey): PublicJwk => ({
  kty: "OKP",
  crv: "Ed25519",
  x: publicKey,
  kid,
  use: "sig",
  alg: "EdDSA",
})

/** A public key as Standard Webhooks writes it: `whpk_` and base64. */
export const publicKeyText = ({ publicKey }: SigningKey): string => {
  const base64 = publicKey.replaceAll("-", "+").replaceAll("_", "/")
  return `whpk_${base64}${"=".repeat((4 - (base64.length % 4)) % 4)}`
}

/** The keys whose time is not over. */
export const activeKeys = (
  keys: ReadonlyArray<SigningKey>,
  now: number,
): ReadonlyArray<SigningKey> => keys.filter(({ until }) => until === undefined || until > now)
