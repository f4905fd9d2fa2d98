// What the compiler of CEL makes of a node, and how it says that it cannot.

import type { ExpressionProblem } from "../expression/index.js"
import type { Run } from "./CelScope.js"
import { CelFault, type CelType, type CelValue, typeOf } from "./CelValue.js"
import type { CelNode } from "./ParseCel.js"

export interface Compiled {
  readonly run: Run
  readonly type: CelType | "dyn"
  /** Nodes inside, which is what running it costs where nothing is repeated. */
  readonly nodes: number
}

/** Variables by name, each with the depth at which it is bound. */
export type Variables = ReadonlyMap<string, number>

/** Thrown within the compiler only. */
export class CelRefusal extends Error {
  readonly problem: ExpressionProblem

  constructor(reason: string, { pos }: { readonly pos: number }) {
    super(reason)
    this.problem = { reason, position: pos }
  }
}

export type Compile = (node: CelNode, variables: Variables) => Compiled

export const nodesOf = (parts: ReadonlyArray<Compiled>): number =>
  parts.reduce((sum, { nodes }) => sum + nodes, 1)

export const noBool = (value: CelValue, position: number) =>
  new CelFault(`expected a bool, found a ${typeOf(value)}`, position)
