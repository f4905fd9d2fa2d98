// Base64 as it must be: in the one alphabet, padded, with no bits left over. What only decodes to the
// same bytes is another text, and is refused.

const FORM = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  if (!FORM.test(text)) return undefined
  const binary = atob(text)
  if (btoa(binary) !== text) return undefined
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}

/** As in JSON Web Keys (RFC 7515, section 2): another alphabet and no padding. */
export const fromBase64Url = (text: string): Uint8Array<ArrayBuffer> | undefined =>
  /^[A-Za-z0-9_-]*$/.test(text)
    ? fromBase64(
        text.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat((4 - (text.length % 4)) % 4),
      )
    : undefined
