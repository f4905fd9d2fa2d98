/** The catalogue of event types. */
export * from "./CatalogueErrors.js"
export * from "./EventTypeEntry.js"
