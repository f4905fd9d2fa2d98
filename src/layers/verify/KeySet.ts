// A published key set, fetched when it is needed and kept for a while. A signature that no known key
// has made may be by a newer one: then the set is fetched again, but not more often than once in a
// while, since anybody can send such a signature.

import { keysOfSet, type VerifyingKey } from "./Keys.js"
import { WebhookVerificationError } from "./VerificationError.js"

const KEEP_MILLIS = 10 * 60_000
const COOLDOWN_MILLIS = 30_000
const PATIENCE_MILLIS = 5_000
const MAX_BYTES = 65_536

type Keys = ReadonlyArray<VerifyingKey>

export class KeySet {
  readonly #url: string
  readonly #fetch: typeof globalThis.fetch
  readonly #now: () => number
  #keys: Keys | undefined
  #fetchedAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  #underWay: Promise<Keys> | undefined

  constructor(url: string, fetch: typeof globalThis.fetch, now: () => number) {
    this.#url = url
    this.#fetch = fetch
    this.#now = now
  }

  /** The keys, perhaps from before. */
  async keys(): Promise<Keys> {
    const known = this.#keys
    if (known === undefined) return this.#refresh()
    const isOld = this.#now() - this.#fetchedAt > KEEP_MILLIS
    // Better old keys than none, as long as the set cannot be had.
    return isOld && this.#mayTry() ? this.#refresh().catch(() => known) : known
  }

  /** The keys as they are now, if they may have changed; undefined if it is too early to ask. */
  async newerKeys(): Promise<Keys | undefined> {
    return this.#mayTry() ? this.#refresh().catch(() => undefined) : undefined
  }

  #mayTry(): boolean {
    return this.#underWay !== undefined || this.#now() - this.#triedAt > COOLDOWN_MILLIS
  }

  #refresh(): Promise<Keys> {
    this.#underWay ??= this.#load().finally(() => {
      this.#underWay = undefined
    })
    return this.#underWay
  }

  async #load(): Promise<Keys> {
    this.#triedAt = this.#now()
    const keys = await this.#read().catch((cause: unknown) => {
      throw unavailable("could not be fetched", cause)
    })
    if (keys === undefined) throw unavailable("is no JSON Web Key Set", undefined)
    this.#keys = keys
    this.#fetchedAt = this.#now()
    return keys
  }

  async #read(): Promise<Keys | undefined> {
    const answer = await this.#fetch(this.#url, {
      redirect: "error",
      headers: { accept: "application/jwk-set+json, application/json" },
      signal: AbortSignal.timeout(PATIENCE_MILLIS),
    })
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
    const text = await answer.text()
    return text.length > MAX_BYTES ? undefined : keysOfSet(JSON.parse(text))
  }
}

const unavailable = (what: string, cause: unknown) =>
  new WebhookVerificationError("keys-unavailable", `The key set ${what}`, { cause })
