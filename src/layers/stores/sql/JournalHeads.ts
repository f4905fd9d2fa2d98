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
  /** What was forgotten during the append under way, of which there is one at most. */
  #forgotten: Set<NamespaceName> | undefined

  get(namespace: NamespaceName): Head | undefined {
    return this.#heads.get(namespace)
  }

  /** An append begins: what is forgotten before it ends is not to be remembered by it. */
  begin(): void {
    this.#forgotten = new Set()
  }

  /** The append has ended, with these heads. */
  end(heads: ReadonlyMap<NamespaceName, Head>): void {
    for (const [namespace, head] of heads) {
      if (this.#forgotten?.has(namespace) !== true) this.#heads.set(namespace, head)
    }
    this.#forgotten = undefined
    if (this.#heads.size > capacity) this.forgetAll()
  }

  forget(namespace: NamespaceName): void {
    this.#heads.delete(namespace)
    this.#forgotten?.add(namespace)
  }

  forgetAll(): void {
    this.#heads.clear()
  }
}
