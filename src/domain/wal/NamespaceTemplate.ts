// Which namespace a row belongs to: one for all, or a text in which `{{schema}}`, `{{table}}` and
// `{{row.<column>}}` stand for what they name.

import { Either, ParseResult, Schema } from "effect"

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "schema" }
  | { readonly kind: "table" }
  | { readonly kind: "column"; readonly column: string }

export interface NamespaceTemplate {
  readonly text: string
  readonly parts: ReadonlyArray<Part>
}

/** What there is to fill a template with; `column` answers undefined where there is no such value. */
export interface TemplateFacts {
  readonly schema: string
  readonly table: string
  readonly column: (name: string) => string | undefined
}

const placeholder = /\{\{\s*(?:(schema|table)|row\.([^{}]{1,63}?))\s*\}\}/g

export const parseNamespaceTemplate = (text: string): Either.Either<NamespaceTemplate, string> => {
  const parts: Array<Part> = []
  let at = 0
  const literal = (end: number) => {
    if (end > at) parts.push({ kind: "text", text: text.slice(at, end) })
  }
  for (const match of text.matchAll(placeholder)) {
    const [whole, name, column] = match
    literal(match.index)
    if (column !== undefined) parts.push({ kind: "column", column })
    else parts.push({ kind: name === "schema" ? "schema" : "table" })
    at = match.index + whole.length
  }
  literal(text.length)
  const isBroken = parts.some((part) => part.kind === "text" && /[{}]/.test(part.text))
  return text === "" || isBroken
    ? Either.left("may hold {{schema}}, {{table}} and {{row.<column>}}, and no other braces")
    : Either.right({ text, parts })
}

/** The template whose only part is a column. */
export const columnTemplate = (column: string): NamespaceTemplate => ({
  text: `{{row.${column}}}`,
  parts: [{ kind: "column", column }],
})

/** The one namespace of a template without placeholders. */
export const fixedNamespace = ({ parts }: NamespaceTemplate): string | undefined => {
  const [only, ...more] = parts
  return more.length === 0 && only?.kind === "text" ? only.text : undefined
}

/** Undefined where a column that it names has no value. */
export const fillTemplate = (
  { parts }: NamespaceTemplate,
  facts: TemplateFacts,
): string | undefined => {
  let text = ""
  for (const part of parts) {
    const value =
      part.kind === "text"
        ? part.text
        : part.kind === "column"
          ? facts.column(part.column)
          : facts[part.kind]
    if (value === undefined) return undefined
    text += value
  }
  return text
}

export const NamespaceTemplateText = Schema.transformOrFail(
  Schema.String,
  Schema.declare((value): value is NamespaceTemplate => typeof value === "object"),
  {
    strict: true,
    decode: (text, _, ast) =>
      Either.mapLeft(
        parseNamespaceTemplate(text),
        (reason) => new ParseResult.Type(ast, text, reason),
      ),
    encode: ({ text }) => ParseResult.succeed(text),
  },
)
