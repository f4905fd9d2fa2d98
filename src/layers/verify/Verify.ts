// Verifies webhooks as Standard Webhooks defines them: `v1` with shared secrets, `v1a` with public keys.
//
// Needs nothing but WebCrypto, so it runs in Node, in browsers' workers and at the edge. A request is
// taken if one of its signatures is by one of the keys; what else is in the header does not matter.

import { fromBase64 } from "./Base64.js"
import { publicKey, secretKey, type VerifyingKey } from "./Keys.js"
import { KeySet } from "./KeySet.js"
import {
  type HeaderValues,
  headerValues,
  readEvents,
  type ReceivedEvent,
  type ReceivedHeaders,
} from "./ReceivedEvents.js"
import { WebhookVerificationError } from "./VerificationError.js"

/** The body exactly as it came: not parsed and written again. */
export type Payload = string | Uint8Array | ArrayBuffer

/** What to trust: at least one of `secrets`, `publicKeys` and `jwksUrl`. */
export interface VerifyOptions {
  /** `whsec_…`: one, or several while they are rotated. */
  readonly secrets?: string | ReadonlyArray<string> | undefined
  /** `whpk_…` */
  readonly publicKeys?: string | ReadonlyArray<string> | undefined
  /** Where the key set of the namespace is published. It is fetched when it is needed, and kept. */
  readonly jwksUrl?: string | URL | undefined
  /** How far the timestamp may be from the present, to either side: 300. */
  readonly toleranceSeconds?: number | undefined
  /** Milliseconds since the epoch; `Date.now` by default. */
  readonly now?: (() => number) | undefined
  /**
   * Takes events in binary mode too, whose attributes stand in headers that no signature covers. Of
   * those, only the data can be trusted.
   */
  readonly allowUnsignedAttributes?: boolean | undefined
  /** For the key set; the global one by default. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

export interface VerifiedWebhook {
  /** The same for every attempt at a delivery: what to dedupe by. */
  readonly id: string
  /** When this attempt was made. */
  readonly timestamp: Date
  /** One, or those of a batch. */
  readonly events: ReadonlyArray<ReceivedEvent>
}

export type Verifier = (payload: Payload, headers: ReceivedHeaders) => Promise<VerifiedWebhook>

const DEFAULT_TOLERANCE_SECONDS = 300
/** Any honest request has far fewer. */
const MAX_SIGNATURES = 16
const MAX_KEYS = 16

/**
 * A function that verifies requests with these keys, which are read once. Rejects with a
 * `WebhookVerificationError`.
 */
export const webhookVerifier = (options: VerifyOptions): Verifier => {
  const { jwksUrl, now = Date.now, toleranceSeconds = DEFAULT_TOLERANCE_SECONDS } = options
  const fetch: typeof globalThis.fetch =
    options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const set = jwksUrl === undefined ? undefined : new KeySet(String(jwksUrl), fetch, now)
  let own: Promise<ReadonlyArray<VerifyingKey>> | undefined

  return async (payload, headers) => {
    own ??= keysOf(options)
    const pinned = await own
    const values = headerValues(headers)
    const body = bytesOf(payload)
    const { id, signatures, timestamp } = readHeaders(values)
    if (Math.abs(now() - timestamp * 1_000) > toleranceSeconds * 1_000) {
      throw new WebhookVerificationError(
        "timestamp-out-of-tolerance",
        "The timestamp is too far from the present",
      )
    }
    const signed = concat(new TextEncoder().encode(`${id}.${timestamp}.`), body)
    const isSigned =
      (await isSignedBy(pinned, signatures, signed)) ||
      (set !== undefined && (await isSignedByOneOf(set, signatures, signed)))
    if (!isSigned) {
      throw new WebhookVerificationError(
        "no-matching-signature",
        "None of the signatures is by a key that is trusted",
      )
    }
    const { events, isWhollySigned } = readEvents(values, body)
    if (!isWhollySigned && options.allowUnsignedAttributes !== true) {
      throw new WebhookVerificationError(
        "unsigned-attributes",
        "In binary mode the attributes of an event are not signed",
      )
    }
    return { id, timestamp: new Date(timestamp * 1_000), events }
  }
}

const verifiers = new WeakMap<VerifyOptions, Verifier>()

/**
 * Verifies one request. Keys are read, and a key set is fetched, once for each `options` object: keep
 * it, or make a `webhookVerifier`.
 */
export const verify = (
  payload: Payload,
  headers: ReceivedHeaders,
  options: VerifyOptions,
): Promise<VerifiedWebhook> => {
  const known = verifiers.get(options) ?? webhookVerifier(options)
  verifiers.set(options, known)
  return known(payload, headers)
}

const listOf = (given: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  given === undefined ? [] : typeof given === "string" ? [given] : given

const keysOf = async ({
  jwksUrl,
  publicKeys,
  secrets,
}: VerifyOptions): Promise<ReadonlyArray<VerifyingKey>> => {
  const [shared, pairs] = [listOf(secrets), listOf(publicKeys)]
  const count = shared.length + pairs.length
  if ((count === 0 && jwksUrl === undefined) || count > MAX_KEYS) {
    const reason = `1 to ${MAX_KEYS} secrets and public keys are expected, or a jwksUrl`
    throw new WebhookVerificationError("invalid-key", reason)
  }
  return Promise.all([...shared.map(secretKey), ...pairs.map(publicKey)])
}

interface Signature {
  readonly version: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

const header = (values: HeaderValues, name: string): string => {
  const [value, ...more] = values.get(name) ?? []
  if (value === undefined || more.length > 0) {
    throw new WebhookVerificationError("malformed-header", `${name}: is expected once`)
  }
  return value
}

const readHeaders = (values: HeaderValues) => {
  const id = header(values, "webhook-id")
  // With a full stop in it, the same signed text could be taken apart in another way.
  if (!/^[\x21-\x2d\x2f-\x7e]{1,256}$/.test(id)) {
    throw new WebhookVerificationError("malformed-header", "webhook-id: is no id")
  }
  const timestamp = header(values, "webhook-timestamp")
  if (!/^[1-9]\d{0,11}$/.test(timestamp)) {
    throw new WebhookVerificationError("malformed-header", "webhook-timestamp: is not in seconds")
  }
  return {
    id,
    timestamp: Number(timestamp),
    signatures: signaturesIn(header(values, "webhook-signature")),
  }
}

/** Those in their exact form; versions to come, and look-alikes, are passed over. */
const signaturesIn = (text: string): ReadonlyArray<Signature> =>
  text.split(" ", MAX_SIGNATURES).flatMap((part) => {
    const [version = "", base64 = "", ...rest] = part.split(",", 3)
    const bytes = rest.length === 0 ? fromBase64(base64) : undefined
    return bytes === undefined ? [] : [{ version, bytes }]
  })

/** Whatever matches first, all are tried: the time taken tells nothing of which it was. */
const isSignedBy = async (
  keys: ReadonlyArray<VerifyingKey>,
  signatures: ReadonlyArray<Signature>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> => {
  const tried = await Promise.all(
    keys.flatMap((key) =>
      signatures
        .filter(({ version }) => version === key.version)
        .map(({ bytes }) => key.verify(bytes, signed)),
    ),
  )
  return tried.includes(true)
}

const isSignedByOneOf = async (
  set: KeySet,
  signatures: ReadonlyArray<Signature>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> => {
  if (!signatures.some(({ version }) => version === "v1a")) return false
  if (await isSignedBy(await set.keys(), signatures, signed)) return true
  const newer = await set.newerKeys()
  return newer !== undefined && isSignedBy(newer, signatures, signed)
}

const bytesOf = (payload: Payload): Uint8Array =>
  typeof payload === "string"
    ? new TextEncoder().encode(payload)
    : payload instanceof Uint8Array
      ? payload
      : new Uint8Array(payload)

const concat = (first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> => {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
