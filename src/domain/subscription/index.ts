export * from "./Subscription.js"
