// What a target that is being fuzzed shows of itself while it runs, in memory shared with whoever
// watches: how many inputs it has had, and which it has in hand. A parser that hangs says nothing else.

const maxText = 4_096
const decoder = new TextDecoder()
const encoder = new TextEncoder()

export class Progress {
  readonly memory: SharedArrayBuffer
  readonly #numbers: Int32Array
  readonly #text: Uint8Array

  constructor(memory = new SharedArrayBuffer(8 + maxText)) {
    this.memory = memory
    this.#numbers = new Int32Array(memory, 0, 2)
    this.#text = new Uint8Array(memory, 8)
  }

  /** The next input is tried. */
  begin(input: string): void {
    const { written } = encoder.encodeInto(input, this.#text)
    Atomics.store(this.#numbers, 1, written)
    Atomics.add(this.#numbers, 0, 1)
  }

  /** How many inputs were begun. */
  get begun(): number {
    return Atomics.load(this.#numbers, 0)
  }

  /** The one that was begun last, or the beginning of it. */
  get input(): string {
    return decoder.decode(this.#text.slice(0, Atomics.load(this.#numbers, 1)))
  }
}
