// CESQL text in tokens.

import type { Quote } from "./CesqlSyntax.js"

export type Token =
  /** Letters, digits and underscores, in upper case: a keyword, an attribute or a function. */
  (
    | { readonly kind: "word"; readonly word: string }
    | { readonly kind: "digits"; readonly digits: string }
    | { readonly kind: "text"; readonly text: string; readonly quote: Quote }
    | { readonly kind: "symbol"; readonly symbol: string }
    | { readonly kind: "flaw"; readonly reason: string }
    | { readonly kind: "end" }
  ) & { readonly position: number; readonly end: number }

const wordPattern = /[A-Za-z0-9_]+/y
const digitsPattern = /^[0-9]+$/
const symbols = ["!=", "<>", ">=", "<=", "(", ")", ",", "=", "<", ">", "+", "-", "*", "/", "%"]

/** The tokens of a text, the last of which is an end or a flaw. */
export const tokensOf = (text: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  let position = 0
  for (;;) {
    while (isSpace(text.charCodeAt(position))) position++
    const token = tokenAt(text, position)
    tokens.push(token)
    if (token.kind === "end" || token.kind === "flaw") return tokens
    position = token.end
  }
}

const tokenAt = (text: string, position: number): Token => {
  const first = text[position]
  if (first === undefined) return { kind: "end", position, end: position }
  if (first === "'" || first === '"') return textAt(text, position, first)
  wordPattern.lastIndex = position
  const word = wordPattern.exec(text)?.[0]
  if (word !== undefined) {
    const end = position + word.length
    return digitsPattern.test(word)
      ? { kind: "digits", digits: word, position, end }
      : { kind: "word", word: word.toUpperCase(), position, end }
  }
  const symbol = symbols.find((symbol) => text.startsWith(symbol, position))
  return symbol === undefined
    ? { kind: "flaw", reason: "is no character of an expression", position, end: position }
    : { kind: "symbol", symbol, position, end: position + symbol.length }
}

const textAt = (text: string, position: number, quote: Quote): Token => {
  let value = ""
  let from = position + 1
  for (let at = from; at < text.length; at++) {
    const code = text[at]
    if (code === quote) {
      return { kind: "text", text: value + text.slice(from, at), quote, position, end: at + 1 }
    }
    if (code !== "\\") continue
    if (text[at + 1] === quote) {
      value += text.slice(from, at) + quote
      from = at + 2
    }
    at++
  }
  return { kind: "flaw", reason: "begins a text that does not end", position, end: position }
}

const isSpace = (code: number) => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
