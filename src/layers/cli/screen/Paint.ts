// Colours for terminals. Text that came from elsewhere goes through `plain` first, so that nobody's
// event type moves the reader's cursor.

export interface Paint {
  readonly isColoured: boolean
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

const ESCAPE = "\u001b"
const sgr = (open: number, close: number) => (text: string) =>
  text === "" ? "" : `${ESCAPE}[${open}m${text}${ESCAPE}[${close}m`
const same = (text: string) => text

const colours: Paint = {
  isColoured: true,
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  cyan: sgr(36, 39),
}
const noColours: Paint = {
  isColoured: false,
  bold: same,
  dim: same,
  red: same,
  green: same,
  yellow: same,
  cyan: same,
}

/** Colours only on a terminal, and only where NO_COLOR (no-color.org) is unset or empty. */
export const paintFor = (stream: { readonly isTerminal: boolean }, noColor: string | undefined) =>
  stream.isTerminal && (noColor ?? "") === "" ? colours : noColours

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
const SGR = new RegExp(`${ESCAPE}\\[[0-9;]*m`, "g")

/** The text with what could steer a terminal written as escapes. */
export const plain = (text: string): string =>
  text.replace(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** The text without colours. */
export const unpainted = (text: string): string => text.replace(SGR, "")

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/
const segmenter = new Intl.Segmenter()

/** How many characters a reader sees, colours aside. */
export const widthOf = (text: string): number => {
  const bare = unpainted(text)
  return PRINTABLE_ASCII.test(bare) ? bare.length : Array.from(segmenter.segment(bare)).length
}
