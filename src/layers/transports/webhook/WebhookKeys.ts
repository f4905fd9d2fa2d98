// What a webhook sink signs with, read from its secrets: its own secret, the signing keys of its
// namespace, or both, and with each what it is being rotated from.

import { Either, type Redacted } from "effect"
import type { SinkSecrets } from "../../../actors/index.js"
import { InvalidSetting } from "../../../domain/index.js"
import { ed25519Key, hmacKey, parseSecrets, parseSigningKey } from "./Signature.js"
import type { TimedKey } from "./Signer.js"
import type { WebhookOptions } from "./WebhookOptions.js"

/** The name of the sink's own secret among its options. */
export const SECRET = "secret"

export const invalid = (field: string, reason: string) => new InvalidSetting({ field, reason })

/** Everything that signs, of each version the newest first. */
export const keysOf = ({ signature }: WebhookOptions, secrets: SinkSecrets) =>
  Either.gen(function* () {
    const shared = signature === "v1a" ? [] : yield* sharedKeysOf(secrets)
    return signature === "v1" ? shared : [...shared, ...(yield* pairsOf(secrets))]
  })

const sharedKeysOf = ({ retiring, secrets }: SinkSecrets) =>
  Either.gen(function* () {
    const present = yield* parsed(secrets[SECRET])
    const former = retiring === undefined ? [] : yield* parsed(retiring.secrets[SECRET])
    return [
      ...present.map((key): TimedKey => ({ key })),
      ...former.map((key): TimedKey => ({ key, until: retiring?.until })),
    ]
  })

const parsed = (secret: Redacted.Redacted | undefined) =>
  secret === undefined
    ? Either.right([])
    : Either.mapBoth(parseSecrets(secret), {
        onLeft: ({ reason }) => invalid(SECRET, reason),
        onRight: (keys) => keys.map(hmacKey),
      })

const pairsOf = ({ signingKeys = [] }: SinkSecrets) =>
  Either.all(
    signingKeys.map(({ secretKey, until }) =>
      Either.mapBoth(parseSigningKey(secretKey), {
        onLeft: ({ reason }) => invalid("signature", reason),
        onRight: (key): TimedKey => ({ key: ed25519Key(key), until }),
      }),
    ),
  )
