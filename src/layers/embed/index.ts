// The mesh for those who do not use Effect.

export { createMesh } from "./CreateMesh.js"
export { MeshError, type MeshErrorCode } from "./MeshError.js"
export * from "./PlainEvent.js"
export type * from "./Options.js"
export type * from "./PromiseMesh.js"
export type * from "./Views.js"
