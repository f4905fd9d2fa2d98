// Who bears a namespace key, told from its token, mostly without asking the store.
//
// Keys that were found are remembered for a while, with the digest of their token and never the token;
// so are ids that belong to none. What is revoked here is forgotten at once; what another process
// revokes, when it says so, and after the memory's time at the latest. Tokens of unknown keys cost
// the store a bounded number of look-ups a second, however many are tried.

import { Duration, Effect, Exit, Option, Schema } from "effect"
import {
  hasExpired,
  type KeyId,
  keyIdOf,
  type NamespaceKey,
  type NamespaceName,
  type Rate,
  TokenBucket,
} from "../../domain/index.js"
import { type Keys, patiently, type StoredKey, type StoreUnavailable } from "../ports/index.js"

/** Too many tokens of unknown keys are being tried. Try again after a moment. */
export class TooManyUnknownKeys extends Schema.TaggedError<TooManyUnknownKeys>()(
  "TooManyUnknownKeys",
  { retryAfterMillis: Schema.Number },
) {
  override get message(): string {
    return "Too many unknown keys are being tried; keys that were not used lately have to wait."
  }
}

/** How long a key is remembered, and at most twice as long while it is being looked up again. */
const memoryMillis = 30_000
const maxRemembered = 16_384
/** Look-ups that may find nothing. */
const misses: Rate = { amount: 50, perMillis: 1_000, burst: 500 }
const longWaitMillis = 1_000
const dayMillis = 24 * 60 * 60 * 1_000
/** How often it is noted which keys were used. */
const notingInterval = Duration.seconds(10)

interface Remembered {
  readonly stored: StoredKey
  /** When it was read, in milliseconds since the epoch. */
  readonly at: number
  /** Somebody is looking it up again. */
  refreshing: boolean
}

/** Somebody who was let in with a key, and stays. */
interface Bearer extends Pick<NamespaceKey, "id" | "namespace"> {
  /** Open when the store has to be asked whether the key is there. */
  readonly doubt: Effect.Latch
}

export interface KeyRingOptions {
  readonly keys: Keys["Type"]
  readonly digest: (token: string) => string
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export class KeyRing {
  readonly #options: KeyRingOptions
  readonly #known = new Map<KeyId, Remembered>()
  /** Ids that belong to no key, with the time at which that was found. */
  readonly #unknown = new Map<KeyId, number>()
  readonly #used = new Map<KeyId, number>()
  /** Open while there is a use to note. */
  readonly #use = Effect.unsafeMakeLatch(false)
  readonly #bearers = new Set<Bearer>()
  readonly #misses: TokenBucket
  /** Under way, for ids of which nothing is known. */
  #lookUps = 0
  /** Ascends whenever something is forgotten: what was read before is not remembered any more. */
  #epoch = 0

  constructor(options: KeyRingOptions) {
    this.#options = options
    this.#misses = new TokenBucket(misses, options.now())
  }

  /** The key of a token, if that can be said at once: none for a token that is no good. */
  known(token: string): Option.Option<NamespaceKey> | undefined {
    const id = keyIdOf(token)
    if (id === undefined) return Option.none()
    const now = this.#options.now()
    const remembered = this.#known.get(id)
    if (remembered !== undefined) {
      const age = now - remembered.at
      if (age >= memoryMillis && (!remembered.refreshing || age >= 2 * memoryMillis)) {
        remembered.refreshing = true
        return undefined
      }
      return this.#check(remembered.stored, token, now)
    }
    const missedAt = this.#unknown.get(id)
    return missedAt !== undefined && now - missedAt < memoryMillis ? Option.none() : undefined
  }

  /** The key of a token that is good. */
  authenticate(
    token: string,
  ): Effect.Effect<Option.Option<NamespaceKey>, StoreUnavailable | TooManyUnknownKeys> {
    return Effect.suspend(() => {
      const id = keyIdOf(token)
      const known = this.known(token)
      return known !== undefined || id === undefined
        ? Effect.succeed(known ?? Option.none())
        : Effect.map(
            this.#lookUp(id),
            Option.flatMap((stored) => this.#check(stored, token, this.#options.now())),
          )
    })
  }

  /** Returns when a key that was good is good no more: revoked, removed with its namespace or expired. */
  lapse({ expiresAt, id, namespace }: NamespaceKey): Effect.Effect<void> {
    // In doubt at first: it may have been revoked since it was looked at.
    const bearer: Bearer = { id, namespace, doubt: Effect.unsafeMakeLatch(true) }
    const gone = Effect.suspend(() => {
      bearer.doubt.unsafeClose()
      return Effect.map(patiently(this.#options.keys.find(id)), Option.isNone)
    })
    const revoked = Effect.repeat(Effect.zipRight(bearer.doubt.await, gone), { until: (is) => is })
    const ends =
      expiresAt === undefined ? revoked : Effect.raceFirst(revoked, this.#until(expiresAt))
    return Effect.asVoid(ends).pipe(
      Effect.ensuring(Effect.sync(() => this.#bearers.delete(bearer))),
      (watch) =>
        Effect.zipRight(
          Effect.sync(() => this.#bearers.add(bearer)),
          watch,
        ),
    )
  }

  /** A key is no more. */
  revoked(id: KeyId): void {
    this.#epoch++
    this.#known.delete(id)
    this.#doubt((bearer) => bearer.id === id)
  }

  /** Keys of a namespace may be no more. */
  forget(namespace: NamespaceName | "all"): void {
    this.#epoch++
    for (const [id, { stored }] of this.#known) {
      if (namespace === "all" || stored.key.namespace === namespace) this.#known.delete(id)
    }
    this.#doubt((bearer) => namespace === "all" || bearer.namespace === namespace)
  }

  /** Notes the use of keys in the store now and then, for ever. Sleeps while none is used. */
  get noting(): Effect.Effect<never> {
    return Effect.forever(Effect.zipRight(this.#use.await, Effect.delay(this.note, notingInterval)))
  }

  /** Notes it now. What the store does not take is noted the next time. */
  get note(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const uses = [...this.#used].map(([id, at]) => ({ id, at }))
      if (uses.length === 0) return Effect.void
      this.#used.clear()
      this.#use.unsafeClose()
      return Effect.catchAll(this.#options.keys.touch(uses), (error) => {
        for (const { id, at } of uses) if (!this.#used.has(id)) this.#used.set(id, at)
        this.#use.unsafeOpen()
        return Effect.logWarning("The use of keys could not be noted", error)
      })
    })
  }

  #doubt(concerns: (bearer: Bearer) => boolean): void {
    for (const bearer of this.#bearers) if (concerns(bearer)) bearer.doubt.unsafeOpen()
  }

  /** Day by day: no timer takes more than a few weeks. */
  #until(time: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      const rest = time - this.#options.now()
      return rest <= 0
        ? Effect.void
        : Effect.zipRight(Effect.sleep(Math.min(rest, dayMillis)), this.#until(time))
    })
  }

  #lookUp(
    id: KeyId,
  ): Effect.Effect<Option.Option<StoredKey>, StoreUnavailable | TooManyUnknownKeys> {
    const { keys, now } = this.#options
    const before = this.#known.get(id)
    const epoch = this.#epoch
    const found = Effect.tap(keys.find(id), (found) =>
      Effect.sync(() => {
        if (Option.isNone(found)) {
          this.#known.delete(id)
          remember(this.#unknown, id, now())
        } else if (epoch === this.#epoch) {
          remember(this.#known, id, { stored: found.value, at: now(), refreshing: false })
        }
      }),
    )
    if (before === undefined) return this.#sparingly(found)
    return Effect.ensuring(
      found,
      Effect.sync(() => {
        before.refreshing = false
      }),
    )
  }

  /** Only as often as misses may be; who is known is not held up by who is not. */
  #sparingly<A, E>(
    find: Effect.Effect<Option.Option<A>, E>,
  ): Effect.Effect<Option.Option<A>, E | TooManyUnknownKeys> {
    return Effect.suspend((): Effect.Effect<Option.Option<A>, E | TooManyUnknownKeys> => {
      const { now } = this.#options
      if (this.#lookUps >= this.#misses.available(now())) {
        const wait = this.#misses.dueAt(this.#lookUps + 1, now()) - now()
        const retryAfterMillis = Number.isFinite(wait) ? Math.max(1, wait) : longWaitMillis
        return Effect.fail(new TooManyUnknownKeys({ retryAfterMillis }))
      }
      this.#lookUps++
      return Effect.onExit(find, (exit) =>
        Effect.sync(() => {
          this.#lookUps--
          if (Exit.isSuccess(exit) && Option.isNone(exit.value)) this.#misses.take(1, now())
        }),
      )
    })
  }

  #check({ digest, key }: StoredKey, token: string, now: number): Option.Option<NamespaceKey> {
    if (!isSame(this.#options.digest(token), digest) || hasExpired(key, now)) return Option.none()
    this.#used.set(key.id, now)
    this.#use.unsafeOpen()
    return Option.some(key)
  }
}

/** The oldest goes when there are too many. */
const remember = <V>(memory: Map<KeyId, V>, id: KeyId, value: V): void => {
  memory.delete(id)
  if (memory.size >= maxRemembered) {
    const [oldest] = memory.keys()
    if (oldest !== undefined) memory.delete(oldest)
  }
  memory.set(id, value)
}

/** In the same time wherever they differ. */
const isSame = (one: string, other: string): boolean => {
  let difference = one.length ^ other.length
  for (let at = 0; at < one.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at)
  return difference === 0
}
