// The secret part of a sink's options: taken out before they are stored or shown, sealed as one JSON
// object, and put back when the sink is opened.
//
// Some options are secrets themselves; of others, such as HTTP headers, the values are. Of the latter
// the names stay visible, with a mask for a value; a mask that comes back stands for what is stored.

import { Effect, Either, Redacted, Schema } from "effect"
import { InvalidSetting, type NamespaceName } from "../../domain/index.js"
import type { SecretUnreadable, Transport, Vault } from "../ports/index.js"

export type Options = Readonly<Record<string, unknown>>
/** Secrets by the path of their option: `secret`, `headers.authorization`. */
export type Secrets = Readonly<Record<string, Redacted.Redacted>>

/** What stands for a secret value in options that are stored or shown. */
export const mask = "[sealed]"

const Values = Schema.Record({ key: Schema.String, value: Schema.String })
const decodeValues = Schema.decodeUnknownEither(Values)

export interface SplitOptions {
  /** Without secrets, and with masks where they were values. */
  readonly shown: Options
  readonly secrets: Secrets
}

/** Takes the secrets out of options. What is masked or left out stays as it was stored. */
export const splitSecrets = (
  transport: Transport,
  options: Options,
  stored: Secrets,
): Either.Either<SplitOptions, InvalidSetting> => {
  const shown: Record<string, unknown> = {}
  const secrets: Record<string, Redacted.Redacted> = {}
  for (const name of transport.secrets) {
    const kept = stored[name]
    if (kept !== undefined) secrets[name] = kept
  }
  for (const [name, value] of Object.entries(options)) {
    if (transport.secrets.includes(name)) {
      if (typeof value !== "string") return invalid(name, "must be a string")
      secrets[name] = Redacted.make(value)
      continue
    }
    const values = transport.secretValues?.includes(name) === true ? decodeValues(value) : undefined
    // What is no record of strings is for the transport's schema to complain about.
    if (values === undefined || Either.isLeft(values)) {
      shown[name] = value
      continue
    }
    const masked: Record<string, string> = {}
    for (const [key, text] of Object.entries(values.right)) {
      const path = `${name}.${key}`
      const secret = text === mask ? stored[path] : Redacted.make(text)
      if (secret === undefined) return invalid(path, "stands for a stored value, but there is none")
      masked[key] = mask
      secrets[path] = secret
    }
    shown[name] = masked
  }
  return Either.right({ shown, secrets })
}

/** Options as their transport is to see them: with the values that were masked. */
export const withSecretValues = (
  transport: Transport,
  shown: Options,
  secrets: Secrets,
): Options => {
  const options: Record<string, unknown> = { ...shown }
  for (const name of transport.secretValues ?? []) {
    const values = decodeValues(shown[name])
    if (Either.isLeft(values)) continue
    options[name] = Object.fromEntries(
      Object.entries(values.right).map(([key, text]) => {
        const secret = secrets[`${name}.${key}`]
        return [key, secret === undefined ? text : Redacted.value(secret)]
      }),
    )
  }
  return options
}

const invalid = (field: string, reason: string) =>
  Either.left(new InvalidSetting({ field, reason }))

const SealedSecrets = Schema.parseJson(Values)
const encodeSecrets = (secrets: Secrets): Redacted.Redacted =>
  Redacted.make(
    JSON.stringify(
      Object.fromEntries(
        Object.entries(secrets).map(([name, secret]) => [name, Redacted.value(secret)]),
      ),
    ),
  )

const decodeSecrets = (text: Redacted.Redacted): Secrets =>
  Object.fromEntries(
    Object.entries(Schema.decodeSync(SealedSecrets)(Redacted.value(text))).map(([name, secret]) => [
      name,
      Redacted.make(secret),
    ]),
  )

/** Opens what was sealed for a sink. */
export const openSecrets = (
  vault: Vault["Type"],
  owner: NamespaceName,
  sealed: string | undefined,
): Effect.Effect<Secrets, SecretUnreadable> =>
  sealed === undefined ? Effect.succeed({}) : Effect.map(vault.open(owner, sealed), decodeSecrets)

/** Seals the secrets of a sink; undefined when it has none. */
export const sealSecrets = (
  vault: Vault["Type"],
  owner: NamespaceName,
  secrets: Secrets,
): Effect.Effect<string | undefined> =>
  Object.keys(secrets).length === 0
    ? Effect.succeed(undefined)
    : vault.seal(owner, encodeSecrets(secrets))

/** Whether two secrets are the same, told in a time that depends on their lengths only. */
export const isSameSecret = (one: Redacted.Redacted, other: Redacted.Redacted): boolean => {
  const [a, b] = [Redacted.value(one), Redacted.value(other)]
  let difference = a.length ^ b.length
  for (let index = 0; index < a.length; index++) {
    difference |= a.charCodeAt(index) ^ b.charCodeAt(index % Math.max(1, b.length))
  }
  return difference === 0
}
