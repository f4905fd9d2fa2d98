// What a failed connection or statement means for a source, and what its operator can do about it.

import { slotMissing, SourceProblem, type SourceProblemCode } from "../../../domain/index.js"

const codeOf = (error: unknown): string | undefined =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined

/** Never `detail`, which quotes rows. */
const textOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map(textOf).join("; ")
  }
  return error instanceof Error && error.message !== "" ? error.message : "no reason given"
}

const problem = (code: SourceProblemCode, reason: string, remedy?: string): SourceProblem =>
  new SourceProblem({ code, reason, ...(remedy === undefined ? {} : { remedy }) })

export const notLogical = (level: string): SourceProblem =>
  problem(
    "not-logical",
    `The server's wal_level is "${level}".`,
    "Set wal_level = logical and restart the server (on Amazon RDS: the parameter rds.logical_replication, on Cloud SQL: the flag cloudsql.logical_decoding).",
  )

export const standbyTooOld: SourceProblem = problem(
  "in-recovery",
  "The server is a standby, and cannot decode its log: that needs version 16 or later.",
  "Name the primary.",
)

const standbyCannot = (reason: string): SourceProblem =>
  problem(
    "in-recovery",
    `${reason}: the server is a standby.`,
    "Name the primary, or promote this one. A publication is made on the primary; a slot that is synchronised from it can be read after a promotion.",
  )

export const slotSynchronised = (slot: string): SourceProblem =>
  standbyCannot(`The replication slot "${slot}" is synchronised from the primary`)

export const publicationMissing = (name: string): SourceProblem =>
  problem(
    "publication-missing",
    `There is no publication "${name}".`,
    `Create it (CREATE PUBLICATION ... FOR TABLE ...), or name its tables as publicationTables. If it was there before, changes made while it was not cannot be decoded: then delete the source with its slot and create it again.`,
  )

export const slotLost = (slot: string, why: string): SourceProblem =>
  problem(
    "slot-lost",
    `The server has invalidated the replication slot "${slot}" (${why}): what was changed since its position is lost.`,
    "Delete the source and create it again to go on from the present, and raise max_slot_wal_keep_size.",
  )

export const slotUnfit = (slot: string, why: string): SourceProblem =>
  problem("slot-unfit", `The replication slot "${slot}" ${why}.`, "Name another slot.")

export const otherCluster = (expected: string, found: string): SourceProblem =>
  problem(
    "other-cluster",
    `The server is the cluster ${found}, and the slot is in ${expected}.`,
    "Name the right server, or delete the source and create it again.",
  )

const denied = (reason: string): SourceProblem =>
  problem(
    "access-denied",
    reason,
    "The role needs LOGIN and REPLICATION (on Amazon RDS: membership of rds_replication), and SELECT on the tables that it is to read whole, on no others; pg_hba.conf must allow it in. A publication can be created only by the owner of its tables.",
  )

const noRoom = (reason: string): SourceProblem =>
  problem(
    "no-room",
    reason,
    "Raise max_replication_slots or max_wal_senders and restart the server, or drop slots that nobody uses.",
  )

const tlsCodes = /^(?:ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|CERT_|EPROTO)/

/** What the driver or the server has thrown. `slot` is for the errors that are about one. */
export const problemOf = (error: unknown, slot = ""): SourceProblem => {
  const code = codeOf(error)
  const text = textOf(error)
  const stated = `${text}${code === undefined ? "" : ` (${code})`}`
  if (code !== undefined && tlsCodes.test(code)) {
    return problem(
      "tls",
      stated,
      "See sslmode, sslrootcert and sslcert in the URL of the database.",
    )
  }
  if (/does not support SSL|SECURITY WARNING/.test(text)) return problem("tls", text)
  switch (code) {
    case "28000":
    case "28P01":
    case "42501":
      return denied(stated)
    case "3D000":
      return problem("no-database", stated)
    case "53300":
    case "53400":
      return noRoom(stated)
    case "55006":
      return problem("slot-in-use", stated, "One reader at a time: stop the other one.")
    case "42704":
      if (/publication/.test(text)) {
        return publicationMissing(/publication "([^"]*)"/.exec(text)?.[1] ?? "")
      }
      return /replication slot/.test(text) ? slotMissing(slot) : problem("server-error", stated)
    case "25006":
      return standbyCannot(stated)
    case "55000":
      if (/wal_level/.test(text)) return notLogical("less than logical on the primary")
      // "can no longer get changes from replication slot", "cannot read from logical replication slot"
      return /replication slot|invalidated/.test(text)
        ? slotLost(slot, text)
        : problem("server-error", stated)
    case "42P01":
      return problem("table-missing", stated)
    default:
      return isAnswer(code) && code?.startsWith("57P") !== true && code?.startsWith("08") !== true
        ? problem("server-error", stated)
        : problem("unreachable", stated)
  }
}

/** An SQLSTATE: the server answered. */
const isAnswer = (code: string | undefined): boolean =>
  code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code)
