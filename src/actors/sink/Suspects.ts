// The events that a sink has refused as if it were misconfigured, and for whom. One event refused for
// many subscriptions is one suspect; where it proves guilty, it is so for each of them.

import {
  type MisconfigurationVerdict,
  noSuspicion,
  observeMisconfiguration,
  type Outcome,
  type Suspicion,
} from "../../domain/index.js"

/** What an attempt was at: the sequence of its event, or a name for a batch, of which any could be at fault. */
export type AttemptKey = number | string

export interface Finding<User> {
  readonly verdict: MisconfigurationVerdict<AttemptKey>["_tag"]
  /** The sink works: these events are at fault, for those they were refused for. */
  readonly guilty: ReadonlyArray<{ readonly sequence: number; readonly users: Iterable<User> }>
}

export class Suspects<User> {
  #suspicion: Suspicion<AttemptKey> = noSuspicion
  readonly #refusedFor = new Map<AttemptKey, Set<User>>()

  get isEmpty(): boolean {
    return this.#suspicion.events.length === 0
  }

  observe(user: User, key: AttemptKey, outcome: Outcome): Finding<User> {
    const { suspicion, verdict } = observeMisconfiguration(this.#suspicion, key, outcome)
    this.#suspicion = suspicion
    if (outcome._tag === "Misconfigured" && suspicion.events.includes(key)) {
      this.#refusedFor.set(key, (this.#refusedFor.get(key) ?? new Set()).add(user))
    }
    const guilty =
      verdict._tag === "RejectEarlier"
        ? verdict.events.flatMap((sequence) =>
            typeof sequence === "string"
              ? []
              : [{ sequence, users: this.#refusedFor.get(sequence) ?? [] }],
          )
        : []
    if (this.isEmpty) this.#refusedFor.clear()
    return { verdict: verdict._tag, guilty }
  }

  /** The user has no deliveries any more. */
  forget(user: User): void {
    for (const users of this.#refusedFor.values()) users.delete(user)
  }

  clear(): void {
    this.#suspicion = noSuspicion
    this.#refusedFor.clear()
  }
}
