// HMAC-SHA256 (RFC 2104) of many short messages under one key, as two one-shot hashes: Node's own makes and
// collects an object for each message, which takes as long again as the hashing, and a tenth of a delivery.

import { createHmac, hash } from "node:crypto"

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
/** Of longer messages the hashing is what takes time. */
const SHORT_BYTES = 16_384

/** Where messages are put together; used within a call only. */
const scratch = Buffer.alloc(BLOCK_BYTES + SHORT_BYTES)

/** The code, in base64, of `prefix`, which is ASCII, and `body` one after the other. The key has a block at most. */
export type Hmac = (prefix: string, body: Uint8Array) => string

export const hmacSha256 = (key: Uint8Array): Hmac => {
  const inner = padded(key, 0x36)
  const outer = Buffer.concat([padded(key, 0x5c), Buffer.alloc(DIGEST_BYTES)])
  return (prefix, body) => {
    const end = BLOCK_BYTES + prefix.length + body.length
    if (end > scratch.length) {
      return createHmac("sha256", key).update(prefix).update(body).digest("base64")
    }
    scratch.set(inner)
    scratch.write(prefix, BLOCK_BYTES, "latin1")
    scratch.set(body, BLOCK_BYTES + prefix.length)
    outer.write(hash("sha256", scratch.subarray(0, end), "binary"), BLOCK_BYTES, "latin1")
    return hash("sha256", outer, "base64")
  }
}

const padded = (key: Uint8Array, byte: number): Buffer => {
  if (key.length > BLOCK_BYTES) throw new RangeError(`A key of ${key.length} bytes is too long`)
  const block = Buffer.alloc(BLOCK_BYTES, byte)
  for (const [index, value] of key.entries()) block[index] = value ^ byte
  return block
}
