/**
 * The extensions `traceparent` and `tracestate` ("Distributed Tracing"), in the format of
 * W3C Trace Context. What is malformed counts as absent, as that specification asks.
 */
import { Either, Option } from "effect"
import type { CloudEvent } from "./CloudEvent.js"
import type { EventValueProblem } from "./EventProblem.js"
import { extension, withExtension } from "./Extensions.js"

export interface TraceParent {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly parentId: string
  /** 0 to 255; bit 0 is "sampled". */
  readonly flags: number
}

/** Key and value of each list member, the most recent first. */
export type TraceState = ReadonlyArray<readonly [key: string, value: string]>

const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Section 3.2; a version after 00 is read by the part that is known. */
export const parseTraceParent = (text: string): Option.Option<TraceParent> => {
  const [, version, traceId, parentId, flags, more] = traceparent.exec(text) ?? []
  if (traceId === undefined || parentId === undefined || flags === undefined) return Option.none()
  if (version === "ff" || (version === "00" && more !== undefined)) return Option.none()
  if (isZero(traceId) || isZero(parentId)) return Option.none()
  return Option.some({ traceId, parentId, flags: Number.parseInt(flags, 16) })
}

/** In version 00, of whose flags only "sampled" is defined. */
export const formatTraceParent = ({ traceId, parentId, flags }: TraceParent): string =>
  `00-${traceId}-${parentId}-${(flags & 1) === 1 ? "01" : "00"}`

export const isSampled = ({ flags }: TraceParent): boolean => (flags & 1) === 1

const isZero = (digits: string) => /^0+$/.test(digits)

const stateKey =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/
const stateValue = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** Section 3.3: at most 32 members with different keys; empty members are skipped. */
export const parseTraceState = (text: string): Option.Option<TraceState> => {
  const members: Array<readonly [string, string]> = []
  const keys = new Set<string>()
  for (const part of text.split(",", maxWrittenMembers)) {
    const member = part.replace(/^[ \t]+/, "").trimEnd()
    if (member === "") continue
    const equals = member.indexOf("=")
    const key = member.slice(0, Math.max(equals, 0))
    const value = member.slice(equals + 1)
    if (!stateKey.test(key) || !stateValue.test(value) || keys.has(key)) return Option.none()
    keys.add(key)
    members.push([key, value])
  }
  return members.length === 0 || members.length > 32 ? Option.none() : Option.some(members)
}

/** Empty members count towards this bound, so that no text makes a long list. */
const maxWrittenMembers = 256

export const formatTraceState = (state: TraceState): string =>
  state.map(([key, value]) => `${key}=${value}`).join(",")

/** The trace that the event belongs to; a state without a parent means nothing. */
export const traceContext = (
  event: CloudEvent,
): Option.Option<{ readonly parent: TraceParent; readonly state: TraceState }> => {
  const state = Option.flatMap(textExtension(event, "tracestate"), parseTraceState)
  return Option.map(
    Option.flatMap(textExtension(event, "traceparent"), parseTraceParent),
    (parent) => ({ parent, state: Option.getOrElse(state, () => []) }),
  )
}

/** The event in another trace: its parent and state replaced together. */
export const withTraceContext = (
  event: CloudEvent,
  parent: TraceParent,
  state: TraceState = [],
): Either.Either<CloudEvent, EventValueProblem> =>
  Either.flatMap(withExtension(event, "traceparent", formatTraceParent(parent)), (traced) =>
    withExtension(traced, "tracestate", state.length === 0 ? undefined : formatTraceState(state)),
  )

const textExtension = (event: CloudEvent, name: string) => {
  const value = extension(event, name)
  return typeof value === "string" ? Option.some(value) : Option.none<string>()
}
