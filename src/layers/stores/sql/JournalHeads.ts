// The last place of each namespace, in memory, so that an append need not ask for it.
//
// Right for as long as this process is the only writer and knows what became of its last write;
// whoever doubts either forgets, and the next append asks the store.

import type { NamespaceName } from "../../../domain/index.js"

export interface Head {
  readonly sequence: number
  /** Bytes of JSON that the namespace has had so far, trimmed events included. */
  readonly bytes: number
}

/** Beyond this many namespaces all are forgotten: asking again is cheap, and memory is bounded. */
const capacity = 50_000

export class JournalHeads {
  readonly #heads = new Map<NamespaceName, Head>()
  #generation = 0

  /** Changes whenever something is forgotten: what was read before must not be kept after. */
  get generation(): number {
    return this.#generation
  }

  get(namespace: NamespaceName): Head | undefined {
    return this.#heads.get(namespace)
  }

  /** Remembers heads, unless something was forgotten since the generation in which they were right. */
  keep(heads: Iterable<readonly [NamespaceName, Head]>, generation: number): void {
    if (generation !== this.#generation) return
    for (const [namespace, head] of heads) this.#heads.set(namespace, head)
    if (this.#heads.size > capacity) this.forgetAll()
  }

  forget(namespace: NamespaceName): void {
    this.#heads.delete(namespace)
    this.#generation++
  }

  forgetAll(): void {
    this.#heads.clear()
    this.#generation++
  }
}
