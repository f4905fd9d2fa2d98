// The token of a namespace key, as its bearer presents it: `elk_<id>_<secret><checksum>`.
//
// The prefix lets scanners of source code find a leaked one. The checksum (CRC-32 of what stands
// before it) is no protection: it tells a mistyped or cut-off token from one worth looking up.

import { KeyId } from "./NamespaceKey.js"

const prefix = "elk_"

/** Characters of an id and of a secret, each one of 62: 95 and 256 bits. */
export const keyIdLength = 16
export const keySecretLength = 43

const checksumLength = 6
const form = new RegExp(
  `^${prefix}([A-Za-z0-9]{${keyIdLength}})_[A-Za-z0-9]{${keySecretLength + checksumLength}}$`,
)
const tokenLength = prefix.length + keyIdLength + 1 + keySecretLength + checksumLength

/** `secret` is random text of the alphabet A-Z, a-z, 0-9. */
export const keyToken = (id: KeyId, secret: string): string => {
  const text = `${prefix}${id}_${secret}`
  return `${text}${checksum(text)}`
}

/** Whether the text claims to be the token of a namespace key. */
export const isKeyToken = (text: string): boolean => text.startsWith(prefix)

/** The id in a token; undefined when it cannot be one. */
export const keyIdOf = (token: string): KeyId | undefined => {
  if (token.length !== tokenLength) return undefined
  const id = form.exec(token)?.[1]
  const end = tokenLength - checksumLength
  return id !== undefined && token.slice(end) === checksum(token.slice(0, end))
    ? KeyId.make(id)
    : undefined
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const checksum = (text: string): string => {
  let rest = crc32(text)
  let digits = ""
  for (let at = 0; at < checksumLength; at++) {
    digits = `${alphabet.charAt(rest % alphabet.length)}${digits}`
    rest = Math.floor(rest / alphabet.length)
  }
  return digits
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value
})

/** Of ASCII text (ISO-HDLC, as in gzip). */
const crc32 = (text: string): number => {
  let crc = 0xffffffff
  for (let at = 0; at < text.length; at++) {
    crc = (crcTable[(crc ^ text.charCodeAt(at)) & 0xff] ?? 0) ^ (crc >>> 8)
  }
  return (crc ^ 0xffffffff) >>> 0
}
