// The vault: AES-256-GCM (NIST SP 800-38D) under a key of the owner, derived from the master key.
//
// A sealed text is `v1.<key id>.<nonce>.<ciphertext and tag>`, the last three in base64url. The owner
// is authenticated with it, so a text moved to another owner's row cannot be opened there. Nonces
// are random: with 96 bits and a key per owner, 2^32 secrets of one owner stay within the bound.

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  generateKeyPairSync,
  randomBytes,
  randomInt,
} from "node:crypto"
import { Config, Effect, Layer, Redacted } from "effect"
import { SecretUnreadable, Vault } from "../../actors/index.js"
import { type MasterKey, parseMasterKey } from "./MasterKey.js"

const VERSION = "v1"
const NONCE_BYTES = 12
const TAG_BYTES = 16
const WEBHOOK_SECRET_BYTES = 32
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
const BASE64URL = /^[A-Za-z0-9_-]+$/

/** A vault that seals under the first key and opens what any of the keys has sealed. */
export const make = (
  current: MasterKey,
  previous: ReadonlyArray<MasterKey> = [],
): Vault["Type"] => {
  const keys = new Map([...previous, current].map((key) => [key.id, key]))

  const seal = (owner: string, secret: Redacted.Redacted): string => {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv("aes-256-gcm", current.keyOf(owner), nonce, {
      authTagLength: TAG_BYTES,
    }).setAAD(Buffer.from(owner))
    const body = Buffer.concat([
      cipher.update(Redacted.value(secret), "utf8"),
      cipher.final(),
      cipher.getAuthTag(),
    ])
    return [VERSION, current.id, nonce.toString("base64url"), body.toString("base64url")].join(".")
  }

  const open = (
    owner: string,
    sealed: string,
  ): Effect.Effect<Redacted.Redacted, SecretUnreadable> =>
    Effect.suspend(() => {
      const unreadable = (reason: string) => new SecretUnreadable({ owner, reason })
      const [version, id = "", nonceText = "", bodyText = "", ...rest] = sealed.split(".", 6)
      const nonce = Buffer.from(nonceText, "base64url")
      const body = Buffer.from(bodyText, "base64url")
      const isForm =
        version === VERSION &&
        rest.length === 0 &&
        BASE64URL.test(nonceText) &&
        BASE64URL.test(bodyText) &&
        nonce.length === NONCE_BYTES &&
        body.length >= TAG_BYTES
      if (!isForm) return unreadable("it is not in the form of a sealed secret")
      const key = keys.get(id)
      if (key === undefined) return unreadable("it was sealed under another master key")
      return Effect.try({
        try: () => {
          const tagAt = body.length - TAG_BYTES
          const decipher = createDecipheriv("aes-256-gcm", key.keyOf(owner), nonce, {
            authTagLength: TAG_BYTES,
          })
            .setAAD(Buffer.from(owner))
            .setAuthTag(body.subarray(tagAt))
          const text = Buffer.concat([decipher.update(body.subarray(0, tagAt)), decipher.final()])
          return Redacted.make(text.toString("utf8"))
        },
        catch: () => unreadable("it was changed, or belongs to another owner"),
      })
    })

  const generateSigningKey = Effect.sync(() => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519")
    const { d = "" } = privateKey.export({ format: "jwk" })
    const { x = "" } = publicKey.export({ format: "jwk" })
    const pair = Buffer.concat([Buffer.from(d, "base64url"), Buffer.from(x, "base64url")])
    // RFC 7638: the required members in this order, without space.
    const canonical = `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`
    return {
      kid: createHash("sha256").update(canonical).digest("base64url"),
      publicKey: x,
      secretKey: Redacted.make(`whsk_${pair.toString("base64")}`),
    }
  })

  return {
    seal: (owner, secret) => Effect.sync(() => seal(owner, secret)),
    open,
    generateWebhookSecret: Effect.sync(() =>
      Redacted.make(`whsec_${randomBytes(WEBHOOK_SECRET_BYTES).toString("base64")}`),
    ),
    generateSigningKey,
    generateText: (length) =>
      Effect.sync(() =>
        Redacted.make(
          Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join(""),
        ),
      ),
    digest: (secret) => createHash("sha256").update(secret).digest("hex"),
  }
}

/** Under the key given as text: 32 bytes in base64 or hex. */
export const layerKey = (text: Redacted.Redacted, origin = "the configuration") =>
  Layer.effect(
    Vault,
    Effect.map(parseMasterKey(text, origin), (key) => make(key)),
  )

/** The master key in the environment, 32 bytes in base64 or hex. */
export const masterKeyConfig = Config.redacted("EVENTLOOM_MASTER_KEY")

/** Under `EVENTLOOM_MASTER_KEY`, which must be set. */
export const layerConfig = Layer.unwrapEffect(
  Effect.map(masterKeyConfig, (text) => layerKey(text, "EVENTLOOM_MASTER_KEY")),
)

/** For tests: under a key that everybody knows. */
export const layerTest = layerKey(Redacted.make("00".repeat(32)), "the test layer").pipe(
  Layer.orDie,
)
