// What the replays of a mesh must keep to: they deliver, under their mark, what is between their ends,
// in its order under a key, and nothing once they are cancelled. What they do counts for nothing in the
// live flow, which owes what it owes.

import {
  type JournaledEvent,
  NamespaceName,
  type Replay,
  type TypePattern,
  typeMatches,
} from "../../src/domain/index.js"
import type { Attempt } from "../support/ScriptedTransport.js"
import type { MemoryState } from "../../src/layers/stores/memory/MemoryState.js"

interface Told {
  readonly taken: Set<number>
  readonly rejected: Set<number>
  /** With their keys. */
  readonly flying: Map<Attempt, string | undefined>
  /** Somebody has asked for its end; `isCancelled`: and was told that it has come. */
  isUnwanted: boolean
  isCancelled: boolean
}

/** An attempt of a replay, as the model sees it. */
interface ReplayAttempt {
  readonly attempt: Attempt
  readonly replay: string
  readonly event: JournaledEvent | undefined
  readonly key: string | undefined
}

export class ReplayPromises {
  readonly #state: MemoryState
  readonly #fail: (what: string) => void
  readonly #told = new Map<string, Told>()

  constructor(state: MemoryState, fail: (what: string) => void) {
    this.#state = state
    this.#fail = fail
  }

  onAttempt({ attempt, event, key, replay }: ReplayAttempt): void {
    const { namespace, sequence, subscription } = attempt
    const about = `${namespace}/${subscription} ${sequence} of ${replay}`
    const told = this.#of(replay)
    if (told.isCancelled) return this.#fail(`${about}: after it was cancelled`)
    const record = this.#recordsOf(namespace, subscription).find(({ id }) => id === replay)
    // It went with its subscription in this very moment.
    if (record === undefined) return
    if (event?.event.id !== attempt.event) return this.#fail(`${about}: of another journal`)
    if (sequence < record.from || sequence > record.to) this.#fail(`${about}: beyond its ends`)
    for (const other of told.flying.values())
      if (key !== undefined && other === key)
        this.#fail(`${about}: together with another of its key`)
    told.flying.set(attempt, key)
  }

  onOutcome(replay: string, attempt: Attempt): void {
    const told = this.#of(replay)
    told.flying.delete(attempt)
    if (attempt.outcome?._tag === "Delivered") told.taken.add(attempt.sequence)
    else told.rejected.add(attempt.sequence)
  }

  onCutOff(replay: string, attempt: Attempt): void {
    this.#of(replay).flying.delete(attempt)
  }

  onStop(): void {
    for (const { flying } of this.#told.values()) flying.clear()
  }

  unwanted(replay: string): void {
    this.#of(replay).isUnwanted = true
  }

  cancelled(replay: string): void {
    this.#of(replay).isCancelled = true
  }

  /** Those of a subscription that are stored, ascending. */
  of(namespace: string, subscription: string): ReadonlyArray<Replay> {
    return this.#recordsOf(namespace, subscription)
  }

  /** What a subscription's replays owe, given what it has asked for all along. */
  debt(
    namespace: string,
    subscription: string,
    patterns: ReadonlyArray<TypePattern>,
    journal: ReadonlyArray<JournaledEvent>,
  ): string | undefined {
    const letters = this.#state.holdings.get(NamespaceName.make(namespace))?.deadLetters.all() ?? []
    for (const { from, id, status, to } of this.#recordsOf(namespace, subscription)) {
      if (status === "running") return `${id} does not end`
      const { isUnwanted, rejected, taken } = this.#of(id)
      if (status === "cancelled") {
        if (!isUnwanted) return `${id} was cancelled by nobody`
        continue
      }
      for (const { sequence, type } of journal.slice(from - 1, to)) {
        if (!patterns.every((pattern) => typeMatches(pattern, type))) continue
        const isDead = letters.some(
          (letter) =>
            letter.replay === id && letter.sequence === sequence && rejected.has(sequence),
        )
        if (!taken.has(sequence) && !isDead) return `${sequence} was never delivered by ${id}`
      }
    }
    return undefined
  }

  #of(replay: string): Told {
    const present = this.#told.get(replay)
    if (present !== undefined) return present
    const told: Told = {
      taken: new Set(),
      rejected: new Set(),
      flying: new Map(),
      isUnwanted: false,
      isCancelled: false,
    }
    this.#told.set(replay, told)
    return told
  }

  #recordsOf(namespace: string, subscription: string): ReadonlyArray<Replay> {
    const held = this.#state.holdings.get(NamespaceName.make(namespace))?.replays.all() ?? []
    return held.map(({ replay }) => replay).filter((replay) => replay.subscription === subscription)
  }
}
