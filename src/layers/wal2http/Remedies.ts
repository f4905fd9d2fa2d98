// What to do about problems of a database, in the words of somebody who runs wal2http.

import { SourceProblem } from "../../domain/index.js"
import type { Wal2HttpConfig } from "./Wal2HttpConfig.js"

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** The problem with what to do about it here, where that is not what it is for a source of a mesh. */
export const remedied = (
  problem: SourceProblem,
  { publication, slot }: Pick<Wal2HttpConfig, "publication" | "slot">,
): SourceProblem => {
  const create = `select pg_create_logical_replication_slot('${slot}', 'pgoutput')`
  const { code, reason } = problem
  const remedy = (text: string, why = reason) =>
    new SourceProblem({ code, reason: why, remedy: text })
  switch (code) {
    case "slot-missing":
      return remedy(
        `Create it in this database: ${create}. Changes made before that are not delivered; if it was there before, those made since it went are lost.`,
        `There is no replication slot "${slot}".`,
      )
    case "slot-lost":
      return remedy(
        `Drop it and create it again (${create}) to go on from the present, and raise max_slot_wal_keep_size.`,
      )
    case "slot-unfit":
      return remedy("Name another one with SLOT_NAME.")
    case "publication-missing":
      return remedy(
        `Create it: create publication ${quoted(publication)} for all tables (or for table ...). If it was there before, changes made while it was not cannot be decoded: then drop the slot and create it again.`,
      )
    default:
      return problem
  }
}
