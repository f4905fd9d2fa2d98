// A function of CEL, on values.

import type { CelScope } from "./CelScope.js"
import { CelFault, type CelType, type CelValue, typeOf } from "./CelValue.js"

export interface CelFunction {
  /** What it answers, where it is known before it is called. */
  readonly returns: CelType | "dyn"
  readonly arities: ReadonlyArray<number>
  readonly apply: (
    given: ReadonlyArray<CelValue>,
    scope: CelScope,
    position: number,
  ) => CelValue | CelFault
}

/** What a function gets wrong values of. */
export const notFor = (name: string, given: ReadonlyArray<CelValue>, position: number) =>
  new CelFault(`there is no ${name}(${given.map(typeOf).join(", ")})`, position)
