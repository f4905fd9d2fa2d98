/**
 * A trie over the segments of patterns with a wildcard.
 *
 * A walk reads a type only as deep as some pattern reaches, and neither splits nor copies more of it.
 * Nodes that a withdrawal leaves empty go with it. Depth is bounded by the segments of a pattern.
 */
import { type Collector, insertRoute, type Route, type Routes, withdrawRoute } from "./Routes.js"
import type { TypePattern } from "./TypePattern.js"

interface Node<Id> {
  readonly children: Map<string, Node<Id>>
  /** Where a `*` that is not last leads. */
  star: Node<Id> | undefined
  /** Routes whose pattern ends here. */
  readonly ends: Routes<Id>
  /** Routes whose pattern ends with a `*` after here: one segment or more. */
  readonly tails: Routes<Id>
}

const makeNode = <Id>(): Node<Id> => ({
  children: new Map(),
  star: undefined,
  ends: [],
  tails: [],
})

const isEmpty = <Id>(node: Node<Id>): boolean =>
  node.ends.length === 0 &&
  node.tails.length === 0 &&
  node.star === undefined &&
  node.children.size === 0

const countNodes = <Id>(node: Node<Id>): number => {
  let count = 1 + (node.star === undefined ? 0 : countNodes(node.star))
  for (const child of node.children.values()) count += countNodes(child)
  return count
}

/** Cuts a type into segments, each when it is first asked for, so that a walk cuts none twice. */
class Segments {
  readonly #type: string
  readonly #known: Array<string> = []
  /** Where the next segment starts; -1 when all are known. */
  #next = 0

  constructor(type: string) {
    this.#type = type
  }

  /** The segment at a depth. Depths are asked for from zero on, one after the other. */
  at(depth: number): string {
    const known = this.#known[depth]
    if (known !== undefined) return known
    const dot = this.#type.indexOf(".", this.#next)
    const segment = dot < 0 ? this.#type.slice(this.#next) : this.#type.slice(this.#next, dot)
    this.#known.push(segment)
    this.#next = dot < 0 ? -1 : dot + 1
    return segment
  }

  /** Whether the segment at a depth, asked for already, is the last one. */
  isLast(depth: number): boolean {
    return this.#next < 0 && depth === this.#known.length - 1
  }
}

/** Walks below a node, for the segments from `depth` on, of which there is at least one. */
const descend = <Id>(
  { children, star, tails }: Node<Id>,
  segments: Segments,
  depth: number,
  collector: Collector<Id>,
): void => {
  if (tails.length > 0) collector.collect(tails)
  if (star === undefined && children.size === 0) return
  const child = children.get(segments.at(depth))
  if (segments.isLast(depth)) {
    if (child !== undefined) collector.collect(child.ends)
    if (star !== undefined) collector.collect(star.ends)
  } else {
    if (child !== undefined) descend(child, segments, depth + 1, collector)
    if (star !== undefined) descend(star, segments, depth + 1, collector)
  }
}

export class PatternTrie<Id> {
  readonly #root: Node<Id> = makeNode()

  /** How many nodes there are, the root included. */
  get nodes(): number {
    return countNodes(this.#root)
  }

  insert(pattern: TypePattern, route: Route<Id>): void {
    const segments = pattern.split(".")
    const last = segments.pop() ?? ""
    let node = this.#root
    for (const segment of segments) node = this.#childOf(node, segment)
    insertRoute(last === "*" ? node.tails : this.#childOf(node, last).ends, route)
  }

  withdraw(pattern: TypePattern, route: Route<Id>): void {
    this.#prune(this.#root, pattern.split("."), 0, route)
  }

  /** Hands over every list of routes whose pattern matches the type. */
  walk(type: string, collector: Collector<Id>): void {
    descend(this.#root, new Segments(type), 0, collector)
  }

  #childOf(node: Node<Id>, segment: string): Node<Id> {
    if (segment === "*") return (node.star ??= makeNode())
    const child = node.children.get(segment) ?? makeNode<Id>()
    node.children.set(segment, child)
    return child
  }

  /** Withdraws a route below a node, with the nodes that this leaves empty. */
  #prune(node: Node<Id>, segments: ReadonlyArray<string>, depth: number, route: Route<Id>): void {
    const segment = segments[depth]
    if (segment === undefined) return withdrawRoute(node.ends, route)
    const isStar = segment === "*"
    if (isStar && depth === segments.length - 1) return withdrawRoute(node.tails, route)
    const child = isStar ? node.star : node.children.get(segment)
    if (child === undefined) return
    this.#prune(child, segments, depth + 1, route)
    if (!isEmpty(child)) return
    if (isStar) node.star = undefined
    else node.children.delete(segment)
  }
}
