export * from "./Duration.js"
export * from "./Size.js"
export * from "./Rate.js"
