// Bytes to text. Servers send UTF-8 and nothing else, since every connection asks for it.

/** Reads the bytes from `start` up to `end`. Layers give the platform's own, which is faster. */
export type ReadText = (bytes: Uint8Array, start: number, end: number) => string

const decoder = new TextDecoder()

export const readUtf8: ReadText = (bytes, start, end) => decoder.decode(bytes.subarray(start, end))
