export * from "./Inheritance.js"
