// A CESQL expression as text, which parses to the same expression.

import type { CesqlExpression, CesqlText } from "./CesqlSyntax.js"

export const printCesql = (expression: CesqlExpression): string => {
  switch (expression._tag) {
    case "Boolean":
      return expression.value ? "TRUE" : "FALSE"
    case "Integer":
      return String(expression.value)
    case "Text":
      return quoted(expression.value)
    case "Attribute":
      return expression.name
    case "Exists":
      return `EXISTS ${expression.name}`
    case "Not":
      return `NOT ${operand(expression.operand)}`
    case "Negate":
      return `-${operand(expression.operand)}`
    case "Binary":
      return `${operand(expression.left)} ${expression.operator} ${operand(expression.right)}`
    case "Like":
      return `${operand(expression.operand)}${not(expression)} LIKE ${quoted(expression.pattern)}`
    case "In":
      return `${operand(expression.operand)}${not(expression)} IN (${list(expression.set)})`
    case "Call":
      return `${expression.name}(${list(expression.given)})`
  }
}

const not = ({ negated }: { readonly negated: boolean }) => (negated ? " NOT" : "")

const list = (expressions: ReadonlyArray<CesqlExpression>) => expressions.map(printCesql).join(", ")

const quoted = ({ text, quote }: CesqlText) =>
  `${quote}${text.replaceAll(quote, `\\${quote}`)}${quote}`

/** An expression inside another: in parentheses, unless nothing could tear it apart. */
const operand = (expression: CesqlExpression): string => {
  switch (expression._tag) {
    case "Boolean":
    case "Text":
    case "Attribute":
    case "Call":
      return printCesql(expression)
    default:
      return `(${printCesql(expression)})`
  }
}
