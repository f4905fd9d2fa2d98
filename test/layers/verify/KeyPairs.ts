// Ed25519 key pairs in the forms of Standard Webhooks and of JSON Web Keys.

import { generateKeyPairSync } from "node:crypto"

/** A new secret key: `whsk_` and the base64 of seed and public key. */
export const generateKey = (): string => {
  const { privateKey } = generateKeyPairSync("ed25519")
  const { d = "", x = "" } = privateKey.export({ format: "jwk" })
  const pair = Buffer.concat([Buffer.from(d, "base64url"), Buffer.from(x, "base64url")])
  return `whsk_${pair.toString("base64")}`
}

const publicBytes = (secretKey: string): Buffer =>
  Buffer.from(secretKey.slice(5), "base64").subarray(32)

export const publicKeyOf = (secretKey: string): string =>
  `whpk_${publicBytes(secretKey).toString("base64")}`

export const jwkOf = (secretKey: string) => ({
  kty: "OKP",
  crv: "Ed25519",
  x: publicBytes(secretKey).toString("base64url"),
})
