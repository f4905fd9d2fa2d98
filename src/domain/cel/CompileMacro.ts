// The macros of CEL: has, the comprehensions all, exists, exists_one, map and filter, and cel.bind.
//
// A comprehension repeats its body for each element of a list, or each name of a map, and pays for the
// nodes of it each time.

import { MAX_MADE_LIST } from "./CelOperators.js"
import type { CelScope, Run } from "./CelScope.js"
import {
  CelFault,
  type CelType,
  type CelValue,
  isFault,
  isList,
  isObject,
  memberOf,
  namesOf,
  typeOf,
} from "./CelValue.js"
import {
  CelRefusal,
  type Compile,
  type Compiled,
  noBool,
  nodesOf,
  type Variables,
} from "./Compiled.js"
import type { CelNode } from "./ParseCel.js"

/** The call, if it is one of a macro. */
export const compileMacro = (
  node: Extract<CelNode, { op: "call" | "rcall" }>,
  variables: Variables,
  compile: Compile,
): Compiled | undefined => {
  if (node.op === "call") {
    const [name, given] = node.args
    return name === "has" ? has(given, node, variables, compile) : undefined
  }
  const [name, receiver, given] = node.args
  if (name === "bind" && receiver.op === "id" && receiver.args === "cel")
    return bind(given, node, variables, compile)
  const comprehension = comprehensions.get(name)
  if (comprehension === undefined) return undefined
  const [variable, ...bodies] = given
  if (variable === undefined || !comprehension.arities.includes(bodies.length)) return undefined
  const inner = withVariable(variable, variables)
  const range = compile(receiver, variables)
  if (range.type !== "dyn" && range.type !== "list" && range.type !== "map")
    throw new CelRefusal(`there is nothing to go through in a ${range.type}`, receiver)
  const parts = bodies.map((body) => compile(body, inner))
  return {
    run: over(range.run, comprehension.step(parts), {
      slot: variables.size,
      nodes: nodesOf(parts),
      position: node.pos,
    }),
    type: comprehension.returns,
    nodes: nodesOf([range, ...parts]),
  }
}

const withVariable = (variable: CelNode, variables: Variables): Variables => {
  if (variable.op !== "id") throw new CelRefusal("expected the name of a variable", variable)
  if (variables.has(variable.args) || variable.args === "event")
    throw new CelRefusal(`the name "${variable.args.slice(0, 64)}" is taken`, variable)
  return new Map([...variables, [variable.args, variables.size]])
}

/** Whether a member is there. The object has to be. */
const has = (
  [argument]: ReadonlyArray<CelNode>,
  node: CelNode,
  variables: Variables,
  compile: Compile,
): Compiled => {
  if (argument?.op !== ".") throw new CelRefusal('"has" takes a member, as in has(a.b)', node)
  const [object, name] = argument.args
  const operand = compile(object, variables)
  const { pos: start } = argument
  return {
    run: (scope) => {
      const value = operand.run(scope)
      if (isFault(value)) return value
      if (!isObject(value)) return new CelFault(`a ${typeOf(value)} has no members`, start)
      return memberOf(value, name) !== undefined
    },
    type: "bool",
    nodes: operand.nodes + 1,
  }
}

/** `cel.bind(name, value, expression)`: the value under a name. */
const bind = (
  [variable, bound, body]: ReadonlyArray<CelNode>,
  node: CelNode,
  variables: Variables,
  compile: Compile,
): Compiled => {
  if (variable === undefined || bound === undefined || body === undefined)
    throw new CelRefusal('"cel.bind" takes a name, a value and an expression', node)
  const inner = withVariable(variable, variables)
  const value = compile(bound, variables)
  const rest = compile(body, inner)
  const slot = variables.size
  return {
    run: (scope) => {
      const found = value.run(scope)
      if (isFault(found)) return found
      scope.variables[slot] = found
      return rest.run(scope)
    },
    type: rest.type,
    nodes: nodesOf([value, rest]),
  }
}

/** Goes on with `undefined`; any other answer is that of the whole. */
interface Step {
  readonly next: (scope: CelScope, element: CelValue) => CelValue | CelFault | undefined
  readonly end: () => CelValue | CelFault
}

interface Comprehension {
  readonly arities: ReadonlyArray<number>
  readonly returns: CelType
  readonly step: (bodies: ReadonlyArray<Compiled>) => (position: number) => Step
}

const over = (
  range: Run,
  begin: (position: number) => Step,
  { slot, nodes, position }: { slot: number; nodes: number; position: number },
): Run => {
  return (scope) => {
    const value = range(scope)
    if (isFault(value)) return value
    if (!isList(value) && !isObject(value))
      return new CelFault(`there is nothing to go through in a ${typeOf(value)}`, position)
    const elements = isList(value) ? value : namesOf(value)
    const { next, end } = begin(position)
    for (const element of elements) {
      const paid = scope.pay(nodes, position)
      if (paid !== undefined) return paid
      scope.variables[slot] = element
      const answer = next(scope, element)
      if (answer !== undefined) return answer
    }
    return end()
  }
}

/** `all` and `exists` are decided by one element, whatever becomes of the others. */
const quantifier = (decisive: boolean): Comprehension => ({
  arities: [1],
  returns: "bool",
  step:
    ([body]) =>
    (position) => {
      let fault: CelFault | undefined
      return {
        next: (scope) => {
          const value = body?.run(scope) ?? null
          if (value === decisive) return decisive
          if (isFault(value)) fault ??= value
          else if (typeof value !== "boolean") fault ??= noBool(value, position)
          return undefined
        },
        end: () => fault ?? !decisive,
      }
    },
})

const existsOne: Comprehension = {
  arities: [1],
  returns: "bool",
  step:
    ([body]) =>
    (position) => {
      let count = 0
      return {
        next: (scope) => {
          const value = body?.run(scope) ?? null
          if (value === true) count++
          else if (value !== false) return isFault(value) ? value : noBool(value, position)
          return undefined
        },
        end: () => count === 1,
      }
    },
}

/** Collects what `made` answers for the elements for which `wanted` holds. */
const collecting = (
  arity: number,
  choose: (bodies: ReadonlyArray<Compiled>) => {
    readonly wanted: Compiled | undefined
    readonly made: Compiled | undefined
  },
): Comprehension => ({
  arities: [arity],
  returns: "list",
  step: (bodies) => {
    const { wanted, made } = choose(bodies)
    return (position) => {
      const collected: Array<CelValue> = []
      return {
        next: (scope, element) => {
          const holds = wanted === undefined ? true : wanted.run(scope)
          if (holds === false) return undefined
          if (holds !== true) return isFault(holds) ? holds : noBool(holds, position)
          const value = made === undefined ? element : made.run(scope)
          if (isFault(value)) return value
          if (collected.length === MAX_MADE_LIST)
            return new CelFault("makes a list that is too long", position)
          collected.push(value)
          return undefined
        },
        end: () => collected,
      }
    }
  },
})

const mapping = collecting(1, ([made]) => ({ wanted: undefined, made }))
const choosing = collecting(2, ([wanted, made]) => ({ wanted, made }))

const comprehensions: ReadonlyMap<string, Comprehension> = new Map([
  ["all", quantifier(false)],
  ["exists", quantifier(true)],
  ["exists_one", existsOne],
  ["filter", collecting(1, ([wanted]) => ({ wanted, made: undefined }))],
  [
    "map",
    {
      arities: [1, 2],
      returns: "list",
      step: (bodies) => (bodies.length === 1 ? mapping : choosing).step(bodies),
    },
  ],
])
