/**
 * Which subscriptions an event type goes to.
 *
 * Plain types sit in a hash map; patterns with a wildcard sit in a trie of segments. A walk reads the
 * type only as deep as some pattern reaches, so its cost depends on what matches and not on how many
 * subscriptions there are. Results are remembered per type in a bounded {@link MatchCache}, and
 * forgotten when a change could touch them.
 *
 * Mutable and for a single owner. Ids are compared as `Map` keys are.
 */
import { MatchCache, type MatchCacheLimits } from "./MatchCache.js"
import { isLiteralPattern, type TypePattern } from "./TypePattern.js"

/** One subscription: its id, its patterns, and its rank in the order of arrival. */
interface Route<Id> {
  readonly id: Id
  readonly rank: number
  readonly patterns: ReadonlyArray<TypePattern>
  /** The last walk that collected this route, so that none collects it twice. */
  walk: number
}

/** Routes by ascending rank. */
type Routes<Id> = Array<Route<Id>>

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

/** The index of the first route whose rank is not below `rank`. */
const indexOfRank = <Id>(routes: Routes<Id>, rank: number): number => {
  let low = 0
  let high = routes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((routes[middle]?.rank ?? Infinity) < rank) low = middle + 1
    else high = middle
  }
  return low
}

const insert = <Id>(routes: Routes<Id>, route: Route<Id>): void => {
  const last = routes.at(-1)
  if (last === undefined || last.rank < route.rank) routes.push(route)
  else routes.splice(indexOfRank(routes, route.rank), 0, route)
}

const withdraw = <Id>(routes: Routes<Id>, route: Route<Id>): void => {
  const index = indexOfRank(routes, route.rank)
  if (routes[index] === route) routes.splice(index, 1)
}

const byRank = <Id>(a: Route<Id>, b: Route<Id>): number => a.rank - b.rank

const DEFAULT_LIMITS: MatchCacheLimits = { types: 8_192, ids: 262_144, typeLength: 256 }
const NONE: ReadonlyArray<never> = Object.freeze([])

export class RoutingTable<Id> {
  readonly #routes = new Map<Id, Route<Id>>()
  readonly #literals = new Map<string, Routes<Id>>()
  readonly #root: Node<Id> = makeNode()
  readonly #cache: MatchCache<Id>
  #nextRank = 0
  #walk = 0
  /** What the walk under way has collected, and whether it is in order. */
  #found: Routes<Id> = []
  #sorted = true
  #lastRank = -1

  constructor(cache: Partial<MatchCacheLimits> = {}) {
    this.#cache = new MatchCache({ ...DEFAULT_LIMITS, ...cache })
  }

  /** How many ids are routed. */
  get size(): number {
    return this.#routes.size
  }

  /** How many types and ids the cache holds. */
  get cached(): { readonly types: number; readonly ids: number } {
    return { types: this.#cache.types, ids: this.#cache.ids }
  }

  /** How many nodes the trie has, its root included: what the patterns with a wildcard cost. */
  get nodes(): number {
    return countNodes(this.#root)
  }

  has(id: Id): boolean {
    return this.#routes.has(id)
  }

  /** The patterns of an id, without repetitions; none for an id that is not routed. */
  patterns(id: Id): ReadonlyArray<TypePattern> {
    return this.#routes.get(id)?.patterns ?? NONE
  }

  /** Routes an id. One that is routed already gets these patterns instead, and keeps its place. */
  add(id: Id, patterns: ReadonlyArray<TypePattern>): void {
    const rank = this.#routes.get(id)?.rank ?? this.#nextRank++
    this.remove(id)
    const route: Route<Id> = { id, rank, patterns: [...new Set(patterns)], walk: 0 }
    this.#routes.set(id, route)
    for (const pattern of route.patterns) {
      this.#forget(pattern)
      insert(this.#routesOf(pattern), route)
    }
  }

  /** Withdraws an id; says whether it was routed. */
  remove(id: Id): boolean {
    const route = this.#routes.get(id)
    if (route === undefined) return false
    this.#routes.delete(id)
    for (const pattern of route.patterns) {
      this.#forget(pattern)
      if (isLiteralPattern(pattern)) {
        const routes = this.#literals.get(pattern)
        if (routes === undefined) continue
        withdraw(routes, route)
        if (routes.length === 0) this.#literals.delete(pattern)
      } else {
        this.#prune(this.#root, pattern.split("."), 0, route)
      }
    }
    return true
  }

  /** The ids that a type goes to, each once, in the order in which they were added. */
  match(type: string): ReadonlyArray<Id> {
    const known = this.#cache.get(type)
    if (known !== undefined) return known
    const ids = this.#search(type)
    this.#cache.set(type, ids)
    return ids
  }

  #search(type: string): ReadonlyArray<Id> {
    this.#walk++
    this.#sorted = true
    this.#lastRank = -1
    this.#found = []
    const literal = this.#literals.get(type)
    if (literal !== undefined) this.#collect(literal)
    this.#descend(this.#root, type, 0)
    const found = this.#found
    if (found.length === 0) return NONE
    return (this.#sorted ? found : found.sort(byRank)).map((route) => route.id)
  }

  /** Collects below a node what matches the segments of the type that start at `from`. */
  #descend(node: Node<Id>, type: string, from: number): void {
    if (node.tails.length > 0) this.#collect(node.tails)
    if (node.star === undefined && node.children.size === 0) return
    const dot = type.indexOf(".", from)
    const child =
      node.children.size === 0
        ? undefined
        : node.children.get(dot < 0 ? type.slice(from) : type.slice(from, dot))
    if (dot < 0) {
      if (child !== undefined) this.#collect(child.ends)
      if (node.star !== undefined) this.#collect(node.star.ends)
    } else {
      if (child !== undefined) this.#descend(child, type, dot + 1)
      if (node.star !== undefined) this.#descend(node.star, type, dot + 1)
    }
  }

  #collect(routes: Routes<Id>): void {
    const walk = this.#walk
    for (const route of routes) {
      if (route.walk === walk) continue
      route.walk = walk
      if (route.rank < this.#lastRank) this.#sorted = false
      this.#lastRank = route.rank
      this.#found.push(route)
    }
  }

  /** The list that a pattern belongs to, made where it is missing. */
  #routesOf(pattern: TypePattern): Routes<Id> {
    if (isLiteralPattern(pattern)) {
      const routes = this.#literals.get(pattern) ?? []
      this.#literals.set(pattern, routes)
      return routes
    }
    const segments = pattern.split(".")
    const last = segments.pop()
    let node = this.#root
    for (const segment of segments) node = this.#childOf(node, segment)
    return last === "*" ? node.tails : this.#childOf(node, last ?? "").ends
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
    if (segment === undefined) return withdraw(node.ends, route)
    const isStar = segment === "*"
    if (isStar && depth === segments.length - 1) return withdraw(node.tails, route)
    const child = isStar ? node.star : node.children.get(segment)
    if (child === undefined) return
    this.#prune(child, segments, depth + 1, route)
    if (!isEmpty(child)) return
    if (isStar) node.star = undefined
    else node.children.delete(segment)
  }

  /** Forgets the cached results that a pattern has a part in. */
  #forget(pattern: TypePattern): void {
    if (isLiteralPattern(pattern)) this.#cache.delete(pattern)
    else this.#cache.clear()
  }
}
