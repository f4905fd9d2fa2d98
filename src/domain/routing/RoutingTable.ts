/**
 * Which subscriptions an event type goes to.
 *
 * Plain types sit in a hash map, patterns with a wildcard in a {@link PatternTrie}, so the cost of a
 * match depends on what matches and not on how many subscriptions there are. Results are remembered
 * per type in a bounded {@link MatchCache}, and forgotten when a change could touch them.
 *
 * Mutable and for a single owner. Ids are compared as `Map` keys are.
 */
import { MatchCache, type MatchCacheLimits } from "./MatchCache.js"
import { PatternTrie } from "./PatternTrie.js"
import { insertRoute, type Route, type Routes, sortRoutes, withdrawRoute } from "./Routes.js"
import { isLiteralPattern, type TypePattern } from "./TypePattern.js"

const DEFAULT_LIMITS: MatchCacheLimits = { types: 8_192, ids: 262_144, typeLength: 256 }
const NONE: ReadonlyArray<never> = Object.freeze([])

/** The routes that one walk meets, each once. */
class Found<Id> {
  readonly #walk: number
  readonly #routes: Routes<Id> = []
  #inOrder = true
  #lastRank = -1

  constructor(walk: number) {
    this.#walk = walk
  }

  collect(routes: Routes<Id>): void {
    for (const route of routes) {
      if (route.walk === this.#walk) continue
      route.walk = this.#walk
      if (route.rank < this.#lastRank) this.#inOrder = false
      this.#lastRank = route.rank
      this.#routes.push(route)
    }
  }

  /** In order of arrival. */
  ids(): ReadonlyArray<Id> {
    if (this.#routes.length === 0) return NONE
    if (!this.#inOrder) sortRoutes(this.#routes)
    return this.#routes.map(({ id }) => id)
  }
}

export class RoutingTable<Id> {
  readonly #routes = new Map<Id, Route<Id>>()
  readonly #literals = new Map<string, Routes<Id>>()
  readonly #wildcards = new PatternTrie<Id>()
  readonly #cache: MatchCache<Id>
  #nextRank = 0
  #walks = 0

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

  /** How many nodes the patterns with a wildcard take, at least one. Counts them one by one. */
  get nodes(): number {
    return this.#wildcards.nodes
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
    for (const pattern of route.patterns) this.#insert(pattern, route)
  }

  /** Withdraws an id; says whether it was routed. */
  remove(id: Id): boolean {
    const route = this.#routes.get(id)
    if (route === undefined) return false
    this.#routes.delete(id)
    for (const pattern of route.patterns) this.#withdraw(pattern, route)
    return true
  }

  /** The ids that a type goes to, each once, in the order in which they were added. */
  match(type: string): ReadonlyArray<Id> {
    const known = this.#cache.get(type)
    if (known !== undefined) return known
    const found = new Found<Id>(++this.#walks)
    const literal = this.#literals.get(type)
    if (literal !== undefined) found.collect(literal)
    this.#wildcards.walk(type, found)
    const ids = found.ids()
    this.#cache.set(type, ids)
    return ids
  }

  // A plain pattern has a part in the result for one type; one with a wildcard, in any.

  #insert(pattern: TypePattern, route: Route<Id>): void {
    if (!isLiteralPattern(pattern)) {
      this.#cache.clear()
      this.#wildcards.insert(pattern, route)
      return
    }
    this.#cache.delete(pattern)
    const routes = this.#literals.get(pattern)
    if (routes === undefined) this.#literals.set(pattern, [route])
    else insertRoute(routes, route)
  }

  #withdraw(pattern: TypePattern, route: Route<Id>): void {
    if (!isLiteralPattern(pattern)) {
      this.#cache.clear()
      this.#wildcards.withdraw(pattern, route)
      return
    }
    this.#cache.delete(pattern)
    const routes = this.#literals.get(pattern)
    if (routes === undefined) return
    withdrawRoute(routes, route)
    if (routes.length === 0) this.#literals.delete(pattern)
  }
}
