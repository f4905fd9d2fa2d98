/**
 * Lenient reading: an event that is not quite CloudEvents 1.0 is mended where its meaning is plain,
 * and each mend is reported. `type` and `source` are never invented. An event that is valid keeps
 * all it has; it only gains the `time` and `datacontenttype` that it lacks.
 */
import { Either } from "effect"
import { type CloudEvent, isReservedName, parseCloudEvent } from "./CloudEvent.js"
import { attributeNamePattern } from "./AttributeRules.js"
import { defaultEventLimits, type EventLimits } from "./EventLimits.js"
import type { EventValueProblem } from "./EventProblem.js"
import { isRecord } from "./JsonData.js"

/** Where a mended event gets what only its reader can know. */
export interface Supplies {
  /** A fresh id. */
  readonly id: () => string
  /** The time of reception, in RFC 3339. */
  readonly time: () => string
}

/** One thing that was mended; `index` is the event's place in a batch. */
export interface Mended {
  readonly index?: number
  readonly field: string
  readonly what: string
}

export interface MendedEvent {
  readonly event: CloudEvent
  readonly mended: ReadonlyArray<Mended>
}

/** Mends a value and reads it as `parseCloudEvent` does. */
export const mend = (
  value: unknown,
  supplies: Supplies,
  limits: EventLimits = defaultEventLimits,
  index?: number,
): Either.Either<MendedEvent, EventValueProblem> => {
  const repair = mendFields(value, supplies, index)
  return Either.map(parseCloudEvent(repair.value, limits, index), (event) => ({
    event,
    mended: repair.mended,
  }))
}

type Note = (field: string, what: string) => void
type Fields = Map<string, unknown>

const mendFields = (value: unknown, supplies: Supplies, index: number | undefined) => {
  const mended: Array<Mended> = []
  if (!isRecord(value)) return { value, mended }
  const note: Note = (field, what) => {
    mended.push(index === undefined ? { field, what } : { index, field, what })
  }
  const fields = mendNames(value, note)
  mendVersion(fields, note)
  mendId(fields, supplies, note)
  mendTime(fields, supplies, note)
  mendValues(fields, note)
  mendContentType(fields, note)
  return { value: Object.fromEntries(fields), mended }
}

const isAbsent = (value: unknown) => value === undefined || value === null

/** Attribute names in their own spelling: lower case, and `data_base64`. */
const mendNames = (value: Readonly<Record<string, unknown>>, note: Note): Fields => {
  const fields: Fields = new Map()
  const misspelt: Array<readonly [string, unknown]> = []
  for (const [name, member] of Object.entries(value)) {
    if (canonicalName(name) === name) fields.set(name, member)
    else if (isAbsent(member))
      note(canonicalName(name), `${quoted(name)} left out: it has no value`)
    else misspelt.push([name, member])
  }
  for (const [name, member] of misspelt) {
    const canonical = canonicalName(name)
    if (isAbsent(fields.get(canonical))) {
      fields.set(canonical, member)
      note(canonical, `read from ${quoted(name)}`)
    } else {
      note(canonical, `${quoted(name)} left out: it is given twice`)
    }
  }
  return fields
}

const quoted = (name: string) => JSON.stringify(name.slice(0, 80))

const canonicalName = (name: string) => {
  if (isReservedName(name) || attributeNamePattern.test(name)) return name
  const lower = name.toLowerCase()
  if (lower === "database64" || lower === "data_base64") return "data_base64"
  return isReservedName(lower) || attributeNamePattern.test(lower) ? lower : name
}

const knownVersions: ReadonlySet<unknown> = new Set([1, "1", "1.0.1", "1.0.2", "0.3", 0.3])

/** Versions that 1.0 can stand for; 0.3 had `schemaurl` and `datacontentencoding`. */
const mendVersion = (fields: Fields, note: Note) => {
  const version = fields.get("specversion")
  if (version === "1.0") return
  if (!isAbsent(version) && !knownVersions.has(version)) return
  fields.set("specversion", "1.0")
  note("specversion", isAbsent(version) ? 'missing, read as "1.0"' : 'read as "1.0"')

  const schemaUrl = fields.get("schemaurl")
  if (!isAbsent(schemaUrl) && isAbsent(fields.get("dataschema"))) {
    fields.delete("schemaurl")
    fields.set("dataschema", schemaUrl)
    note("dataschema", 'read from "schemaurl"')
  }
  const encoding = fields.get("datacontentencoding")
  const data = fields.get("data")
  if (typeof encoding !== "string" || encoding.toLowerCase() !== "base64") return
  if (typeof data !== "string" || !isAbsent(fields.get("data_base64"))) return
  fields.delete("datacontentencoding")
  fields.delete("data")
  fields.set("data_base64", data)
  note("data_base64", 'read from "data" with "datacontentencoding"')
}

const mendId = (fields: Fields, supplies: Supplies, note: Note) => {
  const id = fields.get("id")
  if (Number.isSafeInteger(id)) {
    fields.set("id", String(id))
    note("id", "number read as text")
  } else if (isAbsent(id) || id === "") {
    fields.set("id", supplies.id())
    note("id", "missing, generated")
  }
}

const mendTime = (fields: Fields, supplies: Supplies, note: Note) => {
  const time = fields.get("time")
  if (!isAbsent(time) && time !== "") return
  fields.set("time", supplies.time())
  note("time", "missing, set to the time of reception")
}

/** Optional attributes that are empty, and numbers that are no 32-bit integers. */
const mendValues = (fields: Fields, note: Note) => {
  for (const name of ["subject", "datacontenttype", "dataschema"]) {
    if (fields.get(name) !== "") continue
    fields.delete(name)
    note(name, "empty, left out")
  }
  for (const [name, value] of fields) {
    if (isReservedName(name)) continue
    if (typeof value === "number" && (value | 0) !== value) {
      fields.set(name, String(value))
      note(name, "number read as text")
    }
    if (name.length > 20) note(name, "a name longer than the recommended 20 characters, kept")
  }
}

/** In the JSON format an event without a content type carries JSON. */
const mendContentType = (fields: Fields, note: Note) => {
  if (fields.get("data") === undefined || !isAbsent(fields.get("data_base64"))) return
  if (!isAbsent(fields.get("datacontenttype"))) return
  fields.set("datacontenttype", "application/json")
  note("datacontenttype", 'missing, read as "application/json"')
}
