/**
 * The rules of CloudEvents 1.0 ("Type System", "Context Attributes") for single attribute values.
 * Each rule answers why a value breaks it, or undefined. All are linear in the length of the text.
 */

export type Rule = (text: string) => string | undefined

/** Control characters, unpaired surrogates and noncharacters: forbidden in a CloudEvents String. */
const forbidden = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u
const plain = /^[\x20-\x7e]*$/

export const stringFault: Rule = (text) =>
  plain.test(text) || !forbidden.test(text)
    ? undefined
    : "must not contain control characters, unpaired surrogates or noncharacters"

export const nonEmptyFault: Rule = (text) =>
  text.length === 0 ? "must not be empty" : stringFault(text)

export const attributeNamePattern = /^[a-z0-9]+$/

// RFC 3986, appendix A. Alternatives never share a first character with what follows them.
const pchar = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
const pcharOrSlash = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})"
const queryChar = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})"
const userinfo = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*@"
const host =
  "(?:\\[[0-9A-Za-z\\-._~!$&'()*+,;=:]+\\]|(?:[A-Za-z0-9\\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)"
const authorityAndPath = `//(?:${userinfo})?${host}(?::[0-9]*)?(?:/${pcharOrSlash}*)?`
const path = `(?:/(?!/)${pcharOrSlash}*|${pchar}${pcharOrSlash}*)?`
const pathNoScheme = `(?![^:/?#]*:)${path}`
const scheme = "[A-Za-z][A-Za-z0-9+.\\-]*:"
const tail = `(?:\\?${queryChar}*)?(?:#${queryChar}*)?$`

const uri = new RegExp(`^${scheme}(?:${authorityAndPath}|${path})${tail}`)
const relative = new RegExp(`^(?:${authorityAndPath}|${pathNoScheme})${tail}`)

export const uriFault: Rule = (text) => {
  if (text.length === 0) return "must not be empty"
  return uri.test(text) ? undefined : "must be an absolute URI (RFC 3986)"
}

/** What most sources look like; all of it is a URI reference, and much cheaper to see. */
const usualSource = /^(?:[a-z]+:\/\/[A-Za-z0-9\-.]+)?(?:\/[A-Za-z0-9\-._~]+)*\/?$/

export const uriReferenceFault: Rule = (text) => {
  if (text.length === 0) return "must not be empty"
  if (usualSource.test(text)) return undefined
  return relative.test(text) || uri.test(text) ? undefined : "must be a URI reference (RFC 3986)"
}

const token = "[A-Za-z0-9!#$%&'*+\\-.^_`|~]+"
const quotedString = '"(?:[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\x20-\\x7e])*"'
const mediaType = new RegExp(
  `^${token}/${token} *(?:; *(?:${token}=(?:${token}|${quotedString}) *)?)*$`,
)

/** Printable ASCII only, so that it can stand in a header as it is. */
export const mediaTypeFault: Rule = (text) => {
  if (text === "application/json") return undefined
  if (text.length === 0) return "must not be empty"
  return mediaType.test(text) ? undefined : "must be a media type (RFC 2046)"
}

const timestamp =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/
const timestampReason = "must be a date and time with offset (RFC 3339)"

/** RFC 3339, with the calendar; a leap second only where the UTC day ends. */
export const timestampFault: Rule = (text) => {
  if (!timestamp.test(text)) return timestampReason
  const month = two(text, 5)
  const day = two(text, 8)
  const hour = two(text, 11)
  const minute = two(text, 14)
  const second = two(text, 17)
  if (month < 1 || month > 12 || day < 1 || day > daysIn(two(text, 0) * 100 + two(text, 2), month))
    return timestampReason
  if (hour > 23 || minute > 59 || second > 60) return timestampReason
  const last = text.charCodeAt(text.length - 1) | 0x20
  const zulu = last === 0x7a
  const offsetHour = zulu ? 0 : two(text, text.length - 5)
  const offsetMinute = zulu ? 0 : two(text, text.length - 2)
  if (offsetHour > 23 || offsetMinute > 59) return timestampReason
  if (second < 60) return undefined
  const offset = offsetHour * 60 + offsetMinute
  const east = text.charCodeAt(text.length - 6) === 0x2b
  const utc = hour * 60 + minute + (east ? -offset : offset)
  return (utc + 2 * 1440) % 1440 === 1439 ? undefined : timestampReason
}

const two = (text: string, at: number) =>
  (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48

const daysIn = (year: number, month: number) => {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/

/** RFC 4648, section 4: the standard alphabet with padding. */
export const base64Fault: Rule = (text) =>
  text.length % 4 === 0 && base64.test(text) ? undefined : "must be base64 (RFC 4648, padded)"

/** How many bytes a base64 text stands for. */
export const base64Bytes = (text: string): number =>
  (text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0)
