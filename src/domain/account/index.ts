export * from "./DeadLetterErrors.js"
