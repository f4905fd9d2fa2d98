// How the mesh touches the world: stores, transports, deployments.

export * as SingleProcess from "./SingleProcess.js"
export * as StandardTransports from "./StandardTransports.js"
