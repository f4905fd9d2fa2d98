// Fields of what is sent and of what is answered. Read for a table, what is missing is shown as
// nothing, never as a failure, so that this command line can talk to an older or newer server.

import { Option } from "effect"
import { plain } from "../screen/Paint.js"

export type Item = Readonly<Record<string, unknown>>

export const isItem = (value: unknown): value is Item =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The object itself; an empty one for anything else. */
export const itemOf = (value: unknown): Item => (isItem(value) ? value : {})

/** The objects in a list. */
export const itemsOf = (value: unknown): ReadonlyArray<Item> =>
  Array.isArray(value) ? value.filter(isItem) : []

/** A field as text that is safe to print. */
export const text = (item: Item, field: string): string => shown(item[field])

const shown = (value: unknown): string => {
  if (value === undefined || value === null) return ""
  return plain(typeof value === "string" ? value : JSON.stringify(value))
}

/** Every field on a line of its own, for showing one thing. */
export const fieldsOf = (value: unknown): ReadonlyArray<readonly [string, string]> =>
  Object.entries(itemOf(value)).map(([name, field]) => [plain(name), shown(field)])

/** The field of a request, when its option was given. */
export const given = (field: string, value: Option.Option<unknown>): Item =>
  Option.match(value, { onNone: () => ({}), onSome: (some) => ({ [field]: some }) })
