export * from "./Template.js"
