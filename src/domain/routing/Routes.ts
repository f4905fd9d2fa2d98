/**
 * Lists of routes in order of arrival: what the routing table keeps under each pattern.
 */
import type { TypePattern } from "./TypePattern.js"

/** One subscription: its id, its patterns, and its rank in the order of arrival. */
export interface Route<Id> {
  readonly id: Id
  readonly rank: number
  readonly patterns: ReadonlyArray<TypePattern>
  /** The last walk that collected this route, so that none collects it twice. */
  walk: number
}

/** Routes by ascending rank. */
export type Routes<Id> = Array<Route<Id>>

/** Takes in the lists that a type leads to. */
export interface Collector<Id> {
  collect(routes: Routes<Id>): void
}

/** Up to here, moving routes one by one costs less than the calls that a sort makes. */
const FEW = 32

/** Brings routes into order of arrival, in place. */
export const sortRoutes = <Id>(routes: Routes<Id>): void => {
  if (routes.length > FEW) {
    routes.sort((a, b) => a.rank - b.rank)
    return
  }
  for (let index = 1; index < routes.length; index++) {
    const route = routes[index]
    if (route === undefined) continue
    let place = index
    for (; place > 0; place--) {
      const before = routes[place - 1]
      if (before === undefined || before.rank <= route.rank) break
      routes[place] = before
    }
    routes[place] = route
  }
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

export const insertRoute = <Id>(routes: Routes<Id>, route: Route<Id>): void => {
  const last = routes.at(-1)
  if (last === undefined || last.rank < route.rank) routes.push(route)
  else routes.splice(indexOfRank(routes, route.rank), 0, route)
}

export const withdrawRoute = <Id>(routes: Routes<Id>, route: Route<Id>): void => {
  const index = indexOfRank(routes, route.rank)
  if (routes[index] === route) routes.splice(index, 1)
}
