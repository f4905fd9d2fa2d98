export * from "./Subscription.js"
export * from "./Replay.js"
