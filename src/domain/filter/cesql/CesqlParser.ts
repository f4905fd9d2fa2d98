/**
 * The parser of CESQL. Its work is bounded by the length of the text, its result by nodes and depth.
 *
 * Precedence is that of section 3.6 of the specification: unary operators bind closest, then LIKE and
 * IN, then arithmetic, then comparisons; AND, OR and XOR are of one rank. All associate to the left.
 */
import { Either } from "effect"
import {
  type ExpressionProblem,
  MAX_EXPRESSION_LENGTH,
  MAX_EXPRESSION_NODES,
} from "../../expression/index.js"
import { type Token, tokensOf } from "./CesqlLexer.js"
import { type BinaryOperator, type CesqlExpression, maxInteger, minInteger } from "./CesqlSyntax.js"

/** Expressions inside each other, where they are not a chain of operators of one rank. */
export const MAX_CESQL_DEPTH = 64

export const parseCesql = (text: string): Either.Either<CesqlExpression, ExpressionProblem> => {
  if (text.length > MAX_EXPRESSION_LENGTH) {
    const reason = `is longer than ${MAX_EXPRESSION_LENGTH} characters`
    return Either.left({ reason, position: MAX_EXPRESSION_LENGTH })
  }
  return new Parser(tokensOf(text)).parse()
}

const binaryRanks: ReadonlyArray<ReadonlyMap<string, BinaryOperator>> = [
  new Map([
    ["AND", "AND"],
    ["OR", "OR"],
    ["XOR", "XOR"],
  ]),
  new Map([
    ["=", "="],
    ["!=", "!="],
    ["<>", "!="],
    ["<", "<"],
    ["<=", "<="],
    [">", ">"],
    [">=", ">="],
  ]),
  new Map([
    ["+", "+"],
    ["-", "-"],
  ]),
  new Map([
    ["*", "*"],
    ["/", "/"],
    ["%", "%"],
  ]),
]

const keywords = new Set("AND OR XOR NOT LIKE EXISTS IN TRUE FALSE".split(" "))
const attributePattern = /^[A-Z0-9]+$/
const functionPattern = /^[A-Z][A-Z_]*$/

/** What stands for an expression after the first problem: nobody sees it. */
const nothing: CesqlExpression = { _tag: "Boolean", value: false }

class Parser {
  readonly #tokens: ReadonlyArray<Token>
  #at = 0
  #depth = 0
  #nodes = 0
  #problem: ExpressionProblem | undefined

  constructor(tokens: ReadonlyArray<Token>) {
    this.#tokens = tokens
  }

  parse(): Either.Either<CesqlExpression, ExpressionProblem> {
    const expression = this.#expression()
    if (this.#token.kind !== "end") this.#unexpected("the end or an operator")
    return this.#problem === undefined ? Either.right(expression) : Either.left(this.#problem)
  }

  get #token(): Token {
    return this.#tokens[this.#at] ?? ended
  }

  /** Takes note of the first problem. What is left is not read, so whoever called soon returns. */
  #fail(reason: string, position: number): CesqlExpression {
    this.#problem ??= { reason, position }
    this.#at = this.#tokens.length
    return nothing
  }

  #unexpected(wanted: string): CesqlExpression {
    const token = this.#token
    if (token.kind === "flaw") return this.#fail(token.reason, token.position)
    return this.#fail(`expected ${wanted}, found ${shown(token)}`, token.position)
  }

  #node(expression: CesqlExpression): CesqlExpression {
    if (++this.#nodes <= MAX_EXPRESSION_NODES) return expression
    return this.#fail(`has more than ${MAX_EXPRESSION_NODES} parts`, this.#token.position)
  }

  #isSymbol(symbol: string): boolean {
    const token = this.#token
    return token.kind === "symbol" && token.symbol === symbol
  }

  #isWord(word: string): boolean {
    const token = this.#token
    return token.kind === "word" && token.word === word
  }

  #expect(symbol: string): void {
    if (this.#isSymbol(symbol)) this.#at++
    else this.#unexpected(`"${symbol}"`)
  }

  #expression(): CesqlExpression {
    return this.#deeper(() => this.#binary(0))
  }

  #deeper(parse: () => CesqlExpression): CesqlExpression {
    if (this.#depth === MAX_CESQL_DEPTH) {
      const reason = `is nested deeper than ${MAX_CESQL_DEPTH} levels`
      return this.#fail(reason, this.#token.position)
    }
    this.#depth++
    const expression = parse()
    this.#depth--
    return expression
  }

  #binary(rank: number): CesqlExpression {
    const operators = binaryRanks[rank]
    if (operators === undefined) return this.#postfix()
    let left = this.#binary(rank + 1)
    for (;;) {
      const operator = operators.get(operatorText(this.#token))
      if (operator === undefined) return left
      this.#at++
      const right = this.#binary(rank + 1)
      left = this.#node({ _tag: "Binary", operator, left, right })
    }
  }

  #postfix(): CesqlExpression {
    let operand = this.#unary()
    for (;;) {
      const next = this.#tokens[this.#at + 1]
      const negated =
        this.#isWord("NOT") && next?.kind === "word" && (next.word === "LIKE" || next.word === "IN")
      if (negated) this.#at++
      if (this.#isWord("LIKE")) operand = this.#like(operand, negated)
      else if (this.#isWord("IN")) operand = this.#in(operand, negated)
      else return operand
    }
  }

  #like(operand: CesqlExpression, negated: boolean): CesqlExpression {
    this.#at++
    const token = this.#token
    if (token.kind !== "text") return this.#unexpected("a text in quotes")
    this.#at++
    const pattern = { text: token.text, quote: token.quote }
    return this.#node({ _tag: "Like", operand, pattern, negated })
  }

  #in(operand: CesqlExpression, negated: boolean): CesqlExpression {
    this.#at++
    this.#expect("(")
    const set = this.#list()
    return this.#node({ _tag: "In", operand, set, negated })
  }

  /** Expressions up to the closing parenthesis, at least one. */
  #list(): ReadonlyArray<CesqlExpression> {
    const list = [this.#expression()]
    while (this.#isSymbol(",")) {
      this.#at++
      list.push(this.#expression())
    }
    this.#expect(")")
    return list
  }

  #unary(): CesqlExpression {
    if (this.#isWord("NOT")) {
      this.#at++
      const operand = this.#deeper(() => this.#unary())
      return this.#node({ _tag: "Not", operand })
    }
    if (!this.#isSymbol("-")) return this.#primary()
    const sign = this.#token
    this.#at++
    const token = this.#token
    if (token.kind === "digits" && token.position === sign.end) return this.#integer("-")
    const operand = this.#deeper(() => this.#unary())
    return this.#node({ _tag: "Negate", operand })
  }

  #integer(sign: "-" | ""): CesqlExpression {
    const token = this.#token
    if (token.kind !== "digits") return this.#unexpected("an integer")
    const value = Number(`${sign}${token.digits}`)
    if (value < minInteger || value > maxInteger) {
      return this.#fail("is no integer of 32 bits", token.position - sign.length)
    }
    this.#at++
    return this.#node({ _tag: "Integer", value: value === 0 ? 0 : value })
  }

  #primary(): CesqlExpression {
    const token = this.#token
    switch (token.kind) {
      case "digits":
        return this.#integer("")
      case "text":
        this.#at++
        return this.#node({ _tag: "Text", value: { text: token.text, quote: token.quote } })
      case "word":
        return this.#word(token)
      case "symbol":
        if (token.symbol === "+") return this.#positive(token.end)
        if (token.symbol !== "(") return this.#unexpected("an expression")
        return this.#parenthesized()
      default:
        return this.#unexpected("an expression")
    }
  }

  #parenthesized(): CesqlExpression {
    this.#at++
    const expression = this.#expression()
    this.#expect(")")
    return expression
  }

  /** A plus sign is part of an integer, not an operator. */
  #positive(end: number): CesqlExpression {
    this.#at++
    return this.#token.position === end ? this.#integer("") : this.#unexpected("digits")
  }

  #word({ word, position }: Extract<Token, { kind: "word" }>): CesqlExpression {
    this.#at++
    if (word === "TRUE" || word === "FALSE") {
      return this.#node({ _tag: "Boolean", value: word === "TRUE" })
    }
    if (word === "EXISTS") return this.#exists()
    if (keywords.has(word)) {
      this.#at--
      return this.#unexpected("an expression")
    }
    if (this.#isSymbol("(")) return this.#call(word, position)
    return attributePattern.test(word)
      ? this.#node({ _tag: "Attribute", name: word.toLowerCase() })
      : this.#fail("is no name of an attribute", position)
  }

  #exists(): CesqlExpression {
    const token = this.#token
    const isName =
      token.kind === "digits" ||
      (token.kind === "word" && !keywords.has(token.word) && attributePattern.test(token.word))
    if (!isName) return this.#unexpected("the name of an attribute")
    this.#at++
    const name = token.kind === "digits" ? token.digits : token.word.toLowerCase()
    return this.#node({ _tag: "Exists", name })
  }

  #call(name: string, position: number): CesqlExpression {
    if (!functionPattern.test(name)) return this.#fail("is no name of a function", position)
    this.#at++
    if (this.#isSymbol(")")) {
      this.#at++
      return this.#node({ _tag: "Call", name, given: [], position })
    }
    const given = this.#list()
    return this.#node({ _tag: "Call", name, given, position })
  }
}

const ended: Token = { kind: "end", position: 0, end: 0 }

const operatorText = (token: Token): string => {
  if (token.kind === "word") return token.word
  return token.kind === "symbol" ? token.symbol : ""
}

const shown = (token: Token): string => {
  switch (token.kind) {
    case "word":
      return token.word.length > 32 ? "a name" : `"${token.word}"`
    case "symbol":
      return `"${token.symbol}"`
    case "digits":
      return "an integer"
    case "text":
      return "a text"
    default:
      return "the end"
  }
}
