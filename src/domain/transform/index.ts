/** Transforms of subscriptions. */
export * from "./CompileTransform.js"
export * from "./Transform.js"
