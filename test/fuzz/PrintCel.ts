// A CEL expression as text, with parentheses around all that has parts: however it is nested, reading
// it again gives the same tree.

import { serialize } from "@marcbachmann/cel-js"
import type { CelNode } from "../../src/domain/cel/ParseCel.js"

export const printCel = (node: CelNode): string => {
  const all = (nodes: ReadonlyArray<CelNode>) => nodes.map(printCel).join(", ")
  switch (node.op) {
    case "value":
      return typeof node.args === "string" ? JSON.stringify(node.args) : serialize(node)
    case "id":
      return node.args
    case ".":
    case ".?":
      return `${printCel(node.args[0])}${node.op}${node.args[1]}`
    case "[]":
      return `${printCel(node.args[0])}[${printCel(node.args[1])}]`
    case "[?]":
      return `${printCel(node.args[0])}[?${printCel(node.args[1])}]`
    case "list":
      return `[${all(node.args)}]`
    case "map":
      return `{${node.args.map(([key, value]) => `${printCel(key)}: ${printCel(value)}`).join(", ")}}`
    case "?:": {
      const [condition, then, otherwise] = node.args
      return `(${printCel(condition)} ? ${printCel(then)} : ${printCel(otherwise)})`
    }
    case "!_":
    case "-_":
      return `(${node.op[0]}${printCel(node.args)})`
    case "call":
      return `${node.args[0]}(${all(node.args[1])})`
    case "rcall":
      return `${printCel(node.args[1])}.${node.args[0]}(${all(node.args[2])})`
    default: {
      const [left, right] = node.args
      return `(${printCel(left)} ${node.op} ${printCel(right)})`
    }
  }
}
