export * from "./NamespaceLimits.js"
export * from "./QuotaErrors.js"
export * from "./TokenBucket.js"
