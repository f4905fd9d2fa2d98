export * from "./Alert.js"
export * from "./AlertDigest.js"
