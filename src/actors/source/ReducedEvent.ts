// An event that is larger than its namespace takes, made small enough: a database must not wait for ever
// because of one large row. The largest columns are left out, and `data.omitted` names them.

import { type CloudEvent, encodeWithin, defaultEventLimits } from "../../domain/index.js"

export interface FittingEvent {
  readonly event: CloudEvent
  readonly json: string
}

type Members = Readonly<Record<string, unknown>>

const membersOf = (value: unknown): Members =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {}

/** The event as it is where it fits; undefined where it does not even without its columns. */
export const withinSize = (
  event: CloudEvent,
  json: string,
  limitBytes: number,
): FittingEvent | undefined => {
  const limits = { ...defaultEventLimits, maxEventBytes: limitBytes }
  if (encodeWithin(event, limits)._tag === "Right") return { event, json }
  const data = membersOf(event.data)
  if (!("before" in data || "after" in data)) return undefined
  const [before, after] = [membersOf(data["before"]), membersOf(data["after"])]
  const sizeOf = (name: string) =>
    JSON.stringify(before[name] ?? null).length + JSON.stringify(after[name] ?? null).length
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map((name) => ({ name, size: sizeOf(name) }))
    .sort((a, b) => b.size - a.size)
  const omitted: Array<string> = []
  for (const { name } of names) {
    omitted.push(name)
    const without = (row: unknown) =>
      row === undefined
        ? {}
        : Object.fromEntries(
            Object.entries(membersOf(row)).filter(([column]) => !omitted.includes(column)),
          )
    const reduced: CloudEvent = {
      ...event,
      data: {
        ...data,
        ...("before" in data ? { before: without(data["before"]) } : {}),
        ...("after" in data ? { after: without(data["after"]) } : {}),
        omitted: [...omitted],
      },
    }
    const encoded = encodeWithin(reduced, limits)
    if (encoded._tag === "Right") return { event: reduced, json: encoded.right }
  }
  return undefined
}
