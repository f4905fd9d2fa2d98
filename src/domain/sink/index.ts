export * from "./Rotation.js"
export * from "./Sink.js"
