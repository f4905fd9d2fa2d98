export * from "./JournaledEvent.js"
export * from "./Sequence.js"
