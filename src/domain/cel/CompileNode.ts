// From syntax to something that runs. Types are tracked as far as they are known, to refuse early what
// could never work; everything else is found out at each evaluation.

import { Either } from "effect"
import type { ExpressionProblem } from "../expression/index.js"
import { celFunctions } from "./CelFunctions.js"
import { type CelOperatorName, negate, noOverload, operators } from "./CelOperators.js"
import { compileRegex } from "./CelRegex.js"
import type { CelScope, Run } from "./CelScope.js"
import {
  CelFault,
  type CelType,
  type CelValue,
  isFault,
  isInt,
  isList,
  isObject,
  memberOf,
  typeOf,
} from "./CelValue.js"
import { CelRefusal, type Compiled, nodesOf, type Variables } from "./Compiled.js"
import { conditional, logic, not } from "./CompileLogic.js"
import { compileMacro } from "./CompileMacro.js"
import type { CelNode } from "./ParseCel.js"

export const compileNode = (node: CelNode): Either.Either<Compiled, ExpressionProblem> => {
  try {
    return Either.right(compile(node, new Map()))
  } catch (cause) {
    if (cause instanceof CelRefusal) return Either.left(cause.problem)
    throw cause
  }
}

const compile = (node: CelNode, variables: Variables): Compiled => {
  switch (node.op) {
    case "value":
      return literal(node.args, node)
    case "id":
      return identifier(node.args, node, variables)
    case ".":
      return select(compile(node.args[0], variables), node.args[1], node)
    case "[]":
      return index(compile(node.args[0], variables), compile(node.args[1], variables), node)
    case "list":
      return list(node.args.map((element) => compile(element, variables)))
    case "map":
      return map(
        node.args.map(([key, value]) => [compile(key, variables), compile(value, variables)]),
        node,
      )
    case "?:": {
      const [condition, then, otherwise] = node.args
      return conditional(
        compile(condition, variables),
        compile(then, variables),
        compile(otherwise, variables),
        node,
      )
    }
    case "&&":
    case "||": {
      const [left, right] = node.args
      return logic(node.op === "||", compile(left, variables), compile(right, variables), node)
    }
    case "!_":
      return not(compile(node.args, variables), node)
    case "-_":
      return negated(node, variables)
    case "call": {
      const [name, given] = node.args
      return compileMacro(node, variables, compile) ?? call(name, given, node, variables)
    }
    case "rcall": {
      const [name, receiver, given] = node.args
      return (
        compileMacro(node, variables, compile) ?? call(name, [receiver, ...given], node, variables)
      )
    }
    case ".?":
    case "[?]":
      throw new CelRefusal("there are no optional values", node)
    default: {
      const [left, right] = node.args
      return binary(node.op, compile(left, variables), compile(right, variables), node)
    }
  }
}

const constant = (value: CelValue): Compiled => ({
  run: () => value,
  type: typeOf(value),
  nodes: 1,
})

const literal = (value: unknown, node: CelNode): Compiled => {
  if (value === null || typeof value === "boolean" || typeof value === "number")
    return constant(value)
  if (typeof value === "string") return constant(value)
  if (typeof value !== "bigint")
    throw new CelRefusal("there are no unsigned integers and no bytes", node)
  if (!isInt(value)) throw new CelRefusal("is no integer of 64 bits", node)
  return constant(value)
}

const identifier = (name: string, node: CelNode, variables: Variables): Compiled => {
  const slot = variables.get(name)
  if (slot !== undefined) {
    const run: Run = (scope) => scope.variables[slot] ?? null
    return { run, type: "dyn", nodes: 1 }
  }
  if (name === "event") return { run: ({ event }) => event, type: "map", nodes: 1 }
  throw new CelRefusal(`there is no variable "${name.slice(0, 64)}"; the event is "event"`, node)
}

const select = (operand: Compiled, name: string, node: CelNode): Compiled => {
  if (operand.type !== "dyn" && operand.type !== "map")
    throw new CelRefusal(`a ${operand.type} has no members`, node)
  const { run } = operand
  const { pos: start } = node
  return {
    run: (scope) => {
      const value = run(scope)
      if (!isObject(value))
        return isFault(value) ? value : new CelFault(`a ${typeOf(value)} has no members`, start)
      return memberOf(value, name) ?? missing(value, name, start)
    },
    type: "dyn",
    nodes: operand.nodes + 1,
  }
}

/** No member, or one that is null. */
const missing = (value: CelValue, name: string, position: number): CelValue | CelFault =>
  isObject(value) && memberOf(value, name) === null
    ? null
    : new CelFault(`there is no member ${JSON.stringify(name.slice(0, 64))}`, position)

const index = (operand: Compiled, key: Compiled, node: CelNode): Compiled => {
  const { pos: start } = node
  return {
    run: (scope) => {
      const value = operand.run(scope)
      if (isFault(value)) return value
      const at = key.run(scope)
      return isFault(at) ? at : elementOf(value, at, start)
    },
    type: "dyn",
    nodes: operand.nodes + key.nodes + 1,
  }
}

const elementOf = (value: CelValue, at: CelValue, position: number): CelValue | CelFault => {
  if (isList(value) && (typeof at === "bigint" || typeof at === "number")) {
    const element = value[Number(at)]
    return element === undefined ? new CelFault("there is no such element", position) : element
  }
  if (isObject(value) && typeof at === "string")
    return memberOf(value, at) ?? missing(value, at, position)
  return new CelFault(`there is no ${typeOf(value)}[${typeOf(at)}]`, position)
}

const list = (elements: ReadonlyArray<Compiled>): Compiled => ({
  run: (scope) => {
    const values: Array<CelValue> = []
    for (const { run } of elements) {
      const value = run(scope)
      if (isFault(value)) return value
      values.push(value)
    }
    return values
  },
  type: "list",
  nodes: nodesOf(elements),
})

const map = (entries: ReadonlyArray<readonly [Compiled, Compiled]>, node: CelNode): Compiled => {
  for (const [{ type }] of entries) {
    if (type !== "dyn" && type !== "string")
      throw new CelRefusal(`the keys of a map are texts, not ${type}`, node)
  }
  const { pos: start } = node
  return {
    run: (scope) => {
      const object: Record<string, CelValue> = Object.create(null)
      for (const [key, value] of entries) {
        const name = key.run(scope)
        if (isFault(name)) return name
        if (typeof name !== "string")
          return new CelFault(`the keys of a map are texts, not ${typeOf(name)}`, start)
        const member = value.run(scope)
        if (isFault(member)) return member
        object[name] = member
      }
      return object
    },
    type: "map",
    nodes: nodesOf(entries.flat()),
  }
}

const negated = (node: Extract<CelNode, { op: "-_" }>, variables: Variables): Compiled => {
  const { args, pos: start } = node
  // The least integer is written as the negation of one that there is not.
  if (args.op === "value" && typeof args.args === "bigint" && isInt(-args.args))
    return constant(-args.args)
  const operand = compile(args, variables)
  if (operand.type !== "dyn" && operand.type !== "int" && operand.type !== "double")
    throw new CelRefusal(`there is no -${operand.type}`, node)
  return {
    run: (scope) => {
      const value = operand.run(scope)
      return isFault(value) ? value : negate(value, start)
    },
    type: operand.type,
    nodes: operand.nodes + 1,
  }
}

const binary = (
  operator: CelOperatorName,
  left: Compiled,
  right: Compiled,
  node: CelNode,
): Compiled => {
  const type = typeOfBinary(operator, left.type, right.type)
  if (type === undefined) throw new CelRefusal(noOverload(operator, left.type, right.type), node)
  const apply = operators[operator]
  const { pos: start } = node
  return {
    run: (scope) => {
      const a = left.run(scope)
      if (isFault(a)) return a
      const b = right.run(scope)
      return isFault(b) ? b : apply(a, b, scope, start)
    },
    type,
    nodes: nodesOf([left, right]),
  }
}

const isNumeric = (type: CelType | "dyn") => type === "int" || type === "double"
const ordered = new Set<CelType | "dyn">(["bool", "string", "timestamp", "duration"])

/** What an operator answers for these types; undefined where it has no answer. */
const typeOfBinary = (
  operator: CelOperatorName,
  left: CelType | "dyn",
  right: CelType | "dyn",
): CelType | "dyn" | undefined => {
  const isKnown = left !== "dyn" && right !== "dyn"
  const areNumeric = isNumeric(left) && isNumeric(right)
  switch (operator) {
    case "==":
    case "!=":
      return !isKnown || left === right || areNumeric || left === "null" || right === "null"
        ? "bool"
        : undefined
    case "in":
      return right === "dyn" || right === "list" || right === "map" ? "bool" : undefined
    case "<":
    case "<=":
    case ">":
    case ">=":
      return !isKnown || areNumeric || (left === right && ordered.has(left)) ? "bool" : undefined
    default:
      if (!isKnown) return "dyn"
      if (areNumeric) return left === "int" && right === "int" ? "int" : "double"
      return typeOfSum(operator, left, right)
  }
}

const typeOfSum = (
  operator: CelOperatorName,
  left: CelType,
  right: CelType,
): CelType | undefined => {
  if (operator === "+" && left === right)
    return left === "string" || left === "list" || left === "duration" ? left : undefined
  if (operator === "+" && left === "duration" && right === "timestamp") return "timestamp"
  if (operator !== "+" && operator !== "-") return undefined
  if (left === "timestamp" && right === "duration") return "timestamp"
  const isDifference = operator === "-" && left === right
  return isDifference && (left === "timestamp" || left === "duration") ? "duration" : undefined
}

const call = (
  name: string,
  given: ReadonlyArray<CelNode>,
  node: CelNode,
  variables: Variables,
): Compiled => {
  if (name === "matches") return matches(given, node, variables)
  const found = celFunctions.get(name)
  if (found === undefined) throw new CelRefusal(`there is no function "${name.slice(0, 64)}"`, node)
  if (!found.arities.includes(given.length))
    throw new CelRefusal(`"${name}" does not take so many arguments`, node)
  const parts = given.map((argument) => compile(argument, variables))
  const { pos: start } = node
  return {
    run: (scope) => {
      const values = valuesOf(parts, scope)
      return isFault(values) ? values : found.apply(values, scope, start)
    },
    type: found.returns,
    nodes: nodesOf(parts),
  }
}

const valuesOf = (
  parts: ReadonlyArray<Compiled>,
  scope: CelScope,
): ReadonlyArray<CelValue> | CelFault => {
  const values: Array<CelValue> = []
  for (const { run } of parts) {
    const value = run(scope)
    if (isFault(value)) return value
    values.push(value)
  }
  return values
}

/** The pattern is compiled with the expression, so it has to stand there. */
const matches = (
  [subject, pattern]: ReadonlyArray<CelNode>,
  node: CelNode,
  variables: Variables,
): Compiled => {
  if (subject === undefined || pattern?.op !== "value" || typeof pattern.args !== "string")
    throw new CelRefusal('"matches" takes a pattern that is a text in quotes', pattern ?? node)
  const operand = compile(subject, variables)
  const { pos: start } = node
  return Either.match(compileRegex(pattern.args), {
    onLeft: (reason) => {
      throw new CelRefusal(reason, pattern)
    },
    onRight: ({ costOf, isFoundIn }): Compiled => ({
      run: (scope) => {
        const text = operand.run(scope)
        if (isFault(text)) return text
        if (typeof text !== "string")
          return new CelFault(`a ${typeOf(text)} does not match patterns`, start)
        return scope.pay(costOf(text.length), start) ?? isFoundIn(text)
      },
      type: "bool",
      nodes: operand.nodes + 1,
    }),
  })
}
