/** The HTTP API of a mesh. */
export * from "./HttpServer.js"
export { defaultServerLimits, type ServerLimits } from "./ServerLimits.js"
