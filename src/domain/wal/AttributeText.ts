// Text of a row as the value of an attribute of a CloudEvent.

import { defaultEventLimits } from "../event/index.js"

/** What a CloudEvents String must not hold, and the percent sign that stands for it here. */
const forbidden = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu
const plain = /^[\x20-\x7e]+$/

/**
 * The text, cut to the length of an attribute, with forbidden characters percent-encoded. Undefined
 * for no text: an attribute that is there is not empty.
 */
export const attributeText = (text: string | undefined): string | undefined => {
  if (text === undefined || text === "") return undefined
  if (text.length <= maxLength && plain.test(text)) return text
  const encoded = text.replace(forbidden, encode)
  if (encoded.length <= maxLength) return encoded
  // Not through the middle of a pair.
  const end = /[\uD800-\uDBFF]/.test(encoded.charAt(maxLength - 1)) ? maxLength - 1 : maxLength
  return encoded.slice(0, end)
}

const maxLength = defaultEventLimits.maxAttributeLength

const encode = (char: string): string =>
  /\p{Cs}/u.test(char) ? "%EF%BF%BD" : encodeURIComponent(char)
