export * from "./SigningKey.js"
