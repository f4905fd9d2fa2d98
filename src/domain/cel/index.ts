/** CEL, the Common Expression Language. */
export { type Json, toJson } from "./CelJson.js"
export { CelFault, type CelType, type CelValue, isFault } from "./CelValue.js"
export * from "./CompileCel.js"
