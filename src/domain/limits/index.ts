export * from "./TokenBucket.js"
