export * from "./Sink.js"
