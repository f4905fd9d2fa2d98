// The namespace that a row is for, as it is named: perhaps no namespace at all.

import { fillTemplate, type NamespaceTemplate } from "./NamespaceTemplate.js"
import type { Tuple } from "./PgOutput.js"
import type { RelationShape } from "./RelationShape.js"

/** Undefined where the template names a column that the row has not, or that is null. */
export const rowNamespace = (
  template: NamespaceTemplate,
  shape: RelationShape,
  tuple: Tuple | undefined,
): string | undefined =>
  fillTemplate(template, {
    schema: shape.relation.schema,
    table: shape.relation.name,
    column: (name) => {
      const index = shape.indexOf(name)
      return tuple === undefined || index < 0 ? undefined : shape.text(tuple, index)
    },
  })
