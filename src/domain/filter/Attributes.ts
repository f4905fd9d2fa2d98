// The attributes of an event, as filters see them.

import type { CloudEvent } from "../event/index.js"

/** An attribute in the canonical string form of CloudEvents; undefined where the event has none. */
export const attributeText = (event: CloudEvent, name: string): string | undefined => {
  const value = attributeOf(event, name)
  return value === undefined || typeof value === "string" ? value : String(value)
}

/** An attribute of an event, which its data is not; undefined where the event has none. */
export const attributeOf = (
  event: CloudEvent,
  name: string,
): string | number | boolean | undefined => {
  const value = Object.hasOwn(event, name) ? event[name] : undefined
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return name === "data" || name === "data_base64" ? undefined : value
    default:
      return undefined
  }
}
