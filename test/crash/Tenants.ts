// What each namespace of a crash run has: a sink per subscription, one of each kind of delivery, and
// what the receivers do with which event.

import { createHash } from "node:crypto"
import type { Command } from "../support/process/Protocol.js"

export interface Shape {
  readonly name: string
  readonly types?: ReadonlyArray<string>
  readonly ordering: "none" | "key" | "strict"
  readonly mode: "structured" | "binary" | "batch"
  readonly startAt: "earliest" | "now"
  /** Subscribed when events have been published for a while. */
  readonly late: boolean
}

const early = { startAt: "earliest", late: false, mode: "structured" } as const

export const shapes: ReadonlyArray<Shape> = [
  { ...early, name: "everything", ordering: "none" },
  { ...early, name: "orders", types: ["order.*"], ordering: "key" },
  { ...early, name: "payments", types: ["order.paid", "ping"], ordering: "strict" },
  { ...early, name: "batches", types: ["user.*.up", "ping"], ordering: "none", mode: "batch" },
  { ...early, name: "history", types: ["user.*"], ordering: "key", mode: "binary", late: true },
  { ...early, name: "news", types: ["*"], ordering: "none", startAt: "now", late: true },
]

export const eventTypes = ["order.created", "order.paid", "user.signed.up", "user.left", "ping"]
export const orderKeys = ["ann", "bob", "cid", "dan", "eve"]

/** Written again by hand, so that the run does not believe the mesh. */
export const matches = ({ types }: Shape, type: string): boolean =>
  types === undefined || types.some((pattern) => accepts(pattern.split("."), type.split(".")))

const accepts = (pattern: ReadonlyArray<string>, type: ReadonlyArray<string>): boolean => {
  const [first, ...rest] = pattern
  if (first === undefined) return type.length === 0
  if (type.length === 0) return false
  if (first === "*" && rest.length === 0) return true
  return (first === "*" || first === type[0]) && accepts(rest, type.slice(1))
}

export const sinkCommand = (namespace: string, shape: Shape, url: string): Command => ({
  _tag: "PutSink",
  namespace,
  sink: shape.name,
  input: { kind: "webhook", url, mode: shape.mode, timeout: "20s", concurrency: 16 },
})

export const subscriptionCommand = (namespace: string, shape: Shape): Command => ({
  _tag: "PutSubscription",
  namespace,
  subscription: shape.name,
  spec: {
    sink: shape.name,
    ordering: shape.ordering,
    startAt: shape.startAt,
    ...(shape.types === undefined ? {} : { types: shape.types }),
    ...(shape.mode === "batch" ? { batch: { maxEvents: 20 } } : {}),
    retry: { attempts: 3, initial: "20ms", max: "200ms" },
  },
})

/**
 * What a receiver does with an event. `flaky` fails a few times; `stubborn` fails until everything
 * heals; `rejected` is refused for good.
 */
export type Temper = "good" | "flaky" | "stubborn" | "rejected"

/** By its id alone: every attempt, of whatever process, meets the same temper. */
export const temperOf = (shape: Shape, eventId: string): Temper => {
  const draw =
    createHash("sha256").update(`${shape.name} ${eventId}`).digest().readUInt16BE() % 1000
  if (shape.mode === "batch") return draw < 30 ? "flaky" : "good"
  if (draw < 30) return "flaky"
  if (draw < 36) return "rejected"
  // One that fails for ever would hold everything behind it, as is promised: not for "strict".
  return draw < 42 && shape.ordering !== "strict" ? "stubborn" : "good"
}
