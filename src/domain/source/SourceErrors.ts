// What can be wrong with a source that a caller named, and what can keep one from working.

import { Schema } from "effect"
import { SourceName } from "../namespace/index.js"

export class SourceNotFound extends Schema.TaggedError<SourceNotFound>()("SourceNotFound", {
  source: SourceName,
}) {
  override get message(): string {
    return `There is no source "${this.source}".`
  }
}

/**
 * - `unreachable`: the server does not answer, or the connection was lost
 * - `server-error`: it answered with an error that says nothing about the source
 * - `access-denied`: wrong credentials, or rights that are missing
 * - `no-database`, `tls`
 * - `not-logical`: its `wal_level` is not `logical`
 * - `in-recovery`: it is a standby, which cannot do what is asked of it until it is promoted
 * - `no-room`: it has as many slots or senders as it may
 * - `publication-missing`, `table-missing`
 * - `slot-missing`: the slot was there and is no more: changes are lost
 * - `slot-lost`: the server has invalidated it: changes are lost
 * - `slot-in-use`: somebody else reads from it
 * - `slot-unfit`: it belongs to another plugin or database
 * - `other-cluster`: the server is not the one that the slot was in
 * - `protocol`: the server sent what cannot be understood
 * - `no-parking-namespace`: rows without a namespace have nowhere to go
 * - `spill`: a large transaction cannot be kept on disk
 * - `secret`: the URL of the database cannot be opened
 * - `fault`: a bug
 */
export const SourceProblemCode = Schema.Literal(
  "unreachable",
  "server-error",
  "access-denied",
  "no-database",
  "tls",
  "not-logical",
  "in-recovery",
  "no-room",
  "publication-missing",
  "table-missing",
  "slot-missing",
  "slot-lost",
  "slot-in-use",
  "slot-unfit",
  "other-cluster",
  "protocol",
  "no-parking-namespace",
  "spill",
  "secret",
  "fault",
)
export type SourceProblemCode = typeof SourceProblemCode.Type

/** Why a source does not work, and what to do about it. */
export class SourceProblem extends Schema.TaggedError<SourceProblem>()("SourceProblem", {
  code: SourceProblemCode,
  reason: Schema.String,
  remedy: Schema.optional(Schema.String),
}) {
  override get message(): string {
    return this.remedy === undefined ? this.reason : `${this.reason} ${this.remedy}`
  }
}

const passing: ReadonlySet<SourceProblemCode> = new Set([
  "unreachable",
  "server-error",
  "slot-in-use",
  "in-recovery",
  "spill",
  "fault",
])

/** Whether it may pass by itself: then the source is tried again soon, else now and then. */
export const mayPass = ({ code }: SourceProblem): boolean => passing.has(code)

/** The slot was there, and no new one may take its place unasked: that would hide the loss. */
export const slotMissing = (slot: string): SourceProblem =>
  new SourceProblem({
    code: "slot-missing",
    reason: `The replication slot "${slot}" is no longer there: what was changed since it went is lost.`,
    remedy: "Delete the source and create it again to go on from the present.",
  })
