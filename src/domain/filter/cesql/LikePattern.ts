// The patterns of LIKE: `%` is any text, `_` any one character, both themselves after a backslash.

import type { EvaluationBudget } from "../../expression/index.js"

const anyText = -1
const anyCharacter = -2

/** Code points to be met, and wildcards. */
export type LikePattern = ReadonlyArray<number>

export const likePattern = (pattern: string): LikePattern => {
  const elements: Array<number> = []
  for (let at = 0; at < pattern.length; ) {
    const escaped = pattern[at] === "\\" && (pattern[at + 1] === "%" || pattern[at + 1] === "_")
    if (escaped) at++
    const code = pattern.codePointAt(at) ?? 0
    at += code > 0xffff ? 2 : 1
    if (!escaped && code === 0x25) {
      if (elements.at(-1) !== anyText) elements.push(anyText)
    } else {
      elements.push(!escaped && code === 0x5f ? anyCharacter : code)
    }
  }
  return elements
}

/** Comparisons that one step of the budget pays for. */
const comparisonsPerStep = 16

/** Whether the text matches; undefined when the budget does not last to find that out. */
export const isLike = (
  text: string,
  pattern: LikePattern,
  budget: EvaluationBudget,
): boolean | undefined => {
  let at = 0
  let element = 0
  /** The last wildcard for any text, and how far that text reaches. */
  let wildcard = -1
  let reach = 0
  let comparisons = 0
  while (at < text.length) {
    if (++comparisons % comparisonsPerStep === 0 && !budget.spend(1)) return undefined
    const wanted = pattern[element]
    const code = text.codePointAt(at) ?? 0
    if (wanted === anyText) {
      wildcard = element++
      // It takes all that is left.
      if (element === pattern.length) return true
      reach = at
    } else if (wanted === anyCharacter || wanted === code) {
      element++
      at += code > 0xffff ? 2 : 1
    } else if (wildcard >= 0) {
      element = wildcard + 1
      reach += (text.codePointAt(reach) ?? 0) > 0xffff ? 2 : 1
      at = reach
    } else {
      return false
    }
  }
  while (pattern[element] === anyText) element++
  return element === pattern.length
}
