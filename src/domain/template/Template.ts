/**
 * Texts with places for what an event holds, as sink options have them: `order {{data.order.id}}`.
 *
 * A place names an attribute, or a path into the data with dots; members of arrays go by number. What an
 * event does not have makes no text: rendering says which place was empty, and what follows from that
 * is for the caller to decide. Templates come from tenants: size and number of places are bounded, and
 * nothing in an event can become a place.
 */
import { Either, Option, Schema } from "effect"
import type { CloudEvent } from "../event/index.js"

export const MAX_TEMPLATE_LENGTH = 2_048
const MAX_PLACES = 32
const MAX_DEPTH = 16
/** The longest text that a template makes, in UTF-16 units. */
export const MAX_RENDERED_LENGTH = 65_536

const PLACE = /\{\{([^{}]*)\}\}/g
const INDEX = /^\d+$/
const STEP = /^[^\s{}.]{1,128}$/

/** The text is no template. `position` counts UTF-16 units from 0. */
export class InvalidTemplate extends Schema.TaggedError<InvalidTemplate>()("InvalidTemplate", {
  reason: Schema.String,
  position: Schema.Number,
}) {
  override get message(): string {
    return `${this.reason} (at position ${this.position})`
  }
}

interface Place {
  readonly path: string
  readonly steps: ReadonlyArray<string>
}

export interface Template {
  /** Literal texts and places in turn; a literal one first and last. */
  readonly literals: ReadonlyArray<string>
  readonly places: ReadonlyArray<Place>
}

export const parseTemplate = (text: string): Either.Either<Template, InvalidTemplate> => {
  const refuse = (reason: string, position: number) =>
    Either.left(new InvalidTemplate({ reason, position }))
  if (text.length > MAX_TEMPLATE_LENGTH) {
    return refuse(`is longer than ${MAX_TEMPLATE_LENGTH} characters`, MAX_TEMPLATE_LENGTH)
  }
  const literals: Array<string> = []
  const places: Array<Place> = []
  let end = 0
  for (const { 0: whole, 1: inner = "", index } of text.matchAll(PLACE)) {
    const path = inner.trim()
    const steps = path.split(".")
    if (places.length === MAX_PLACES) return refuse(`has more than ${MAX_PLACES} places`, index)
    if (steps.length > MAX_DEPTH) return refuse(`goes deeper than ${MAX_DEPTH} names`, index)
    if (!steps.every((step) => STEP.test(step))) return refuse("is no path", index)
    if (steps.length > 1 && steps[0] !== "data") {
      return refuse("an attribute has no members: only data has", index)
    }
    literals.push(text.slice(end, index))
    places.push({ path, steps })
    end = index + whole.length
  }
  const rest = text.slice(end)
  const stray = [...literals, rest].find((literal) => /\{\{|\}\}/.test(literal))
  if (stray !== undefined) {
    return refuse("has a brace that belongs to no place", text.search(/\{\{(?![^{}]*\}\})|\}\}/))
  }
  return Either.right({ literals: [...literals, rest], places })
}

/** A template as text: checked when it is decoded, parsed where it is used. */
export const TemplateText = Schema.String.pipe(
  Schema.filter((text) =>
    Either.match(parseTemplate(text), { onLeft: ({ message }) => message, onRight: () => true }),
  ),
  Schema.annotations({
    identifier: "Template",
    description: "Text with places such as {{type}} or {{data.order.id}}.",
    jsonSchema: { type: "string", maxLength: MAX_TEMPLATE_LENGTH },
  }),
)

/** Why a template makes no text of an event: a place is empty, or the text would be too long. */
export interface NotRendered {
  readonly path: string
  readonly reason: "missing" | "too long"
}

export const renderTemplate = (
  { literals, places }: Template,
  event: CloudEvent,
): Either.Either<string, NotRendered> => {
  let text = literals[0] ?? ""
  for (const [index, place] of places.entries()) {
    const value = valueAt(place, event)
    if (Option.isNone(value)) return Either.left({ path: place.path, reason: "missing" })
    text += value.value + (literals[index + 1] ?? "")
    if (text.length > MAX_RENDERED_LENGTH) {
      return Either.left({ path: place.path, reason: "too long" })
    }
  }
  return Either.right(text)
}

const valueAt = ({ steps }: Place, event: CloudEvent): Option.Option<string> => {
  let value: unknown = event
  for (const step of steps) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) {
      return Option.none()
    }
    if (Array.isArray(value) && !INDEX.test(step)) return Option.none()
    value = Reflect.get(value, step)
  }
  switch (typeof value) {
    case "string":
      return Option.some(value)
    case "number":
    case "boolean":
      return Option.some(String(value))
    case "object":
      return value === null ? Option.none() : Option.some(JSON.stringify(value))
    default:
      return Option.none()
  }
}
