// What decides by true and false: `?:`, `&&`, `||` and `!`.

import { isFault } from "./CelValue.js"
import { CelRefusal, type Compiled, noBool, nodesOf } from "./Compiled.js"
import type { CelNode } from "./ParseCel.js"

const mustBeBool = ({ type }: Compiled, what: string, node: CelNode): void => {
  if (type !== "dyn" && type !== "bool") throw new CelRefusal(`${what} is bool, not ${type}`, node)
}

export const conditional = (
  condition: Compiled,
  then: Compiled,
  otherwise: Compiled,
  node: CelNode,
): Compiled => {
  mustBeBool(condition, "a condition", node)
  const { pos: start } = node
  return {
    run: (scope) => {
      const holds = condition.run(scope)
      if (holds === true) return then.run(scope)
      if (holds === false) return otherwise.run(scope)
      return isFault(holds) ? holds : noBool(holds, start)
    },
    type: then.type === otherwise.type ? then.type : "dyn",
    nodes: nodesOf([condition, then, otherwise]),
  }
}

/** `&&` and `||` are decided by either side alone, whatever becomes of the other. */
export const logic = (
  decisive: boolean,
  left: Compiled,
  right: Compiled,
  node: CelNode,
): Compiled => {
  mustBeBool(left, `what "${node.op}" joins`, node)
  mustBeBool(right, `what "${node.op}" joins`, node)
  const { pos: start } = node
  return {
    run: (scope) => {
      const first = left.run(scope)
      if (first === decisive) return decisive
      const second = right.run(scope)
      if (second === decisive) return decisive
      if (first === !decisive && second === !decisive) return !decisive
      for (const value of [first, second]) {
        if (isFault(value)) return value
        if (typeof value !== "boolean") return noBool(value, start)
      }
      return !decisive
    },
    type: "bool",
    nodes: nodesOf([left, right]),
  }
}

export const not = (operand: Compiled, node: CelNode): Compiled => {
  mustBeBool(operand, 'what "!" negates', node)
  const { pos: start } = node
  return {
    run: (scope) => {
      const value = operand.run(scope)
      if (typeof value === "boolean") return !value
      return isFault(value) ? value : noBool(value, start)
    },
    type: "bool",
    nodes: operand.nodes + 1,
  }
}
