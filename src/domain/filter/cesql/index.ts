/** CESQL, the CloudEvents SQL expression language, version 1. */
export * from "./CesqlParser.js"
export type { CesqlExpression } from "./CesqlSyntax.js"
export type { CesqlError, CesqlErrorKind, CesqlType, CesqlValue } from "./CesqlValue.js"
export * from "./CompileCesql.js"
export { printCesql } from "./PrintCesql.js"
