export * from "./Duration.js"
export * from "./Size.js"
