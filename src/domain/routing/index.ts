export type { MatchCacheLimits } from "./MatchCache.js"
export * from "./RoutingTable.js"
export * from "./TypePattern.js"
