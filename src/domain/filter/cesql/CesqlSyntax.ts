// The abstract syntax of CESQL, the CloudEvents SQL expression language, version 1.

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%"
export type OrderOperator = "<" | "<=" | ">" | ">="
export type EqualityOperator = "=" | "!="
export type LogicOperator = "AND" | "OR" | "XOR"
export type BinaryOperator = ArithmeticOperator | OrderOperator | EqualityOperator | LogicOperator

export type Quote = "'" | '"'

/** The text between quotes. A backslash takes nothing away but from the quote that it escapes. */
export interface CesqlText {
  readonly text: string
  readonly quote: Quote
}

export type CesqlExpression =
  | { readonly _tag: "Boolean"; readonly value: boolean }
  /** A signed integer of 32 bits. */
  | { readonly _tag: "Integer"; readonly value: number }
  | { readonly _tag: "Text"; readonly value: CesqlText }
  | { readonly _tag: "Attribute"; readonly name: string }
  | { readonly _tag: "Exists"; readonly name: string }
  | { readonly _tag: "Not"; readonly operand: CesqlExpression }
  | { readonly _tag: "Negate"; readonly operand: CesqlExpression }
  | {
      readonly _tag: "Binary"
      readonly operator: BinaryOperator
      readonly left: CesqlExpression
      readonly right: CesqlExpression
    }
  | {
      readonly _tag: "Like"
      readonly operand: CesqlExpression
      readonly pattern: CesqlText
      readonly negated: boolean
    }
  | {
      readonly _tag: "In"
      readonly operand: CesqlExpression
      readonly set: ReadonlyArray<CesqlExpression>
      readonly negated: boolean
    }
  /** `name` is in upper case. */
  | {
      readonly _tag: "Call"
      readonly name: string
      readonly given: ReadonlyArray<CesqlExpression>
      readonly position: number
    }

export const minInteger = -2_147_483_648
export const maxInteger = 2_147_483_647
