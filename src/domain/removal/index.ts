export * from "./RemovalPlan.js"
