// What signs the requests of one sink: its keys, the newest first, each until its time is over.

import type { SigningKey } from "./Signature.js"

/** A key, and until when it signs (ms since the epoch); without that, for as long as it is a key. */
export interface TimedKey {
  readonly key: SigningKey
  readonly until?: number | undefined
}

export class Signer {
  #keys: ReadonlyArray<TimedKey> = []
  /** When the first of the keys ends. */
  #endsAt = Number.POSITIVE_INFINITY

  constructor(keys: ReadonlyArray<TimedKey>) {
    this.renew(keys)
  }

  /** Signs with these keys from now on. */
  renew(keys: ReadonlyArray<TimedKey>): void {
    this.#keys = keys
    this.#endsAt = keys.reduce(
      (first, { until = Number.POSITIVE_INFINITY }) => Math.min(first, until),
      Number.POSITIVE_INFINITY,
    )
  }

  /**
   * The value of `webhook-signature`; empty without a key. `timestamp` is that of `webhook-timestamp`,
   * in seconds, and `now` in milliseconds since the epoch.
   */
  sign(id: string, timestamp: string, body: Uint8Array, now: number): string {
    if (now >= this.#endsAt) {
      this.renew(this.#keys.filter(({ until }) => until === undefined || until > now))
    }
    const prefix = `${id}.${timestamp}.`
    let value = ""
    for (const { key } of this.#keys) value += `${value === "" ? "" : " "}${key(prefix, body)}`
    return value
  }
}
