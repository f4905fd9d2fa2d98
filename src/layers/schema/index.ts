/** JSON Schemas of tenants, interpreted within a budget. */
export * from "./JsonSchemaValidator.js"
