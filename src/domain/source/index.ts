export * from "./Source.js"
export * from "./SourceErrors.js"
export * from "./TableSnapshot.js"
export * from "./WalOptions.js"
