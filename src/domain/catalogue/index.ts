/** The catalogue of event types. */
export * from "./CatalogueErrors.js"
export {
  type DefineOptions,
  EventType as DefinableEventType,
  type EventTypeDefinition,
  type TypedEventInput,
} from "./EventTypeDefinition.js"
export * from "./EventTypeEntry.js"
