// A place in the bytes of a replication message, and the reading of what stands there. Reading past the end
// throws a RangeError.

import type { Lsn } from "./Lsn.js"
import type { ReadText } from "./ReadText.js"

/** What is read makes no sense. Thrown; who decodes catches it. */
export class CursorFault {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

export class MessageCursor {
  at = 0
  readonly bytes: Uint8Array
  readonly readText: ReadText
  readonly #view: DataView

  constructor(bytes: Uint8Array, readText: ReadText) {
    this.bytes = bytes
    this.readText = readText
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  // A view throws a RangeError where there are no more bytes.
  byte(): number {
    const value = this.#view.getUint8(this.at)
    this.at += 1
    return value
  }

  int16(): number {
    const value = this.#view.getInt16(this.at)
    this.at += 2
    return value
  }

  int32(): number {
    const value = this.#view.getInt32(this.at)
    this.at += 4
    return value
  }

  uint32(): number {
    const value = this.#view.getUint32(this.at)
    this.at += 4
    return value
  }

  int64(): bigint {
    const value = this.#view.getBigInt64(this.at)
    this.at += 8
    return value
  }

  lsn(): Lsn {
    const value = this.#view.getBigUint64(this.at)
    this.at += 8
    return value as Lsn
  }

  /** A text that ends with a zero byte. */
  text(): string {
    const end = this.bytes.indexOf(0, this.at)
    if (end < 0) throw new CursorFault("a text has no end")
    const text = this.readText(this.bytes, this.at, end)
    this.at = end + 1
    return text
  }

  /** Passes over a counted run of bytes; answers where it starts. */
  skip(length: number): number {
    const start = this.at
    if (length < 0 || start + length > this.bytes.length) throw new CursorFault("a length is wrong")
    this.at = start + length
    return start
  }
}
