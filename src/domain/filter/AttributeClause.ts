// exact, prefix and suffix: attributes compared with texts.

import type { CloudEvent } from "../event/index.js"
import { attributeText } from "./Attributes.js"
import type { Clause } from "./Clause.js"
import type { AttributeValues } from "./Filter.js"

export type Comparison = "exact" | "prefix" | "suffix"

const comparisons: Readonly<
  Record<Comparison, { readonly holds: (a: string, b: string) => boolean; readonly not: string }>
> = {
  exact: { holds: (value, wanted) => value === wanted, not: "is not" },
  prefix: { holds: (value, wanted) => value.startsWith(wanted), not: "does not begin with" },
  suffix: { holds: (value, wanted) => value.endsWith(wanted), not: "does not end with" },
}

export const attributeClause = (
  comparison: Comparison,
  values: AttributeValues,
  clause: string,
): Clause => {
  const { holds, not } = comparisons[comparison]
  const wanted = Object.entries(values)
  const [only] = wanted
  const failing = (event: CloudEvent) =>
    wanted.find(([name, text]) => {
      const value = attributeText(event, name)
      return value === undefined || !holds(value, text)
    })
  return {
    holds:
      only !== undefined && wanted.length === 1
        ? (event) => {
            const value = attributeText(event, only[0])
            return value !== undefined && holds(value, only[1])
          }
        : (event) => failing(event) === undefined,
    failures: (event) => {
      const failed = failing(event)
      if (failed === undefined) return []
      const [name, text] = failed
      const reason =
        attributeText(event, name) === undefined
          ? `the event has no ${name}`
          : `${name} ${not} ${JSON.stringify(text)}`
      return [{ clause, reason, errored: false }]
    },
  }
}
