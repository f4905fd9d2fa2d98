// Asks the server's catalog for types that are new.

import { Effect } from "effect"
import type { SourceProblem, Wal } from "../../domain/index.js"
import type { ChangeStream } from "../ports/index.js"

export const learnTypes = (
  types: Wal.PgTypes,
  stream: Pick<ChangeStream, "describeTypes">,
  { columns }: Wal.Relation,
): Effect.Effect<void, SourceProblem> => {
  const text: Wal.PgType = { kind: "scalar", name: "text" }
  const oids = columns.map(({ typeOid }) => typeOid)
  return Effect.gen(function* () {
    let unknown = types.unknownOf(oids)
    // Each answer may name types that are new as well.
    while (unknown.length > 0) {
      const found = new Map(yield* stream.describeTypes(unknown))
      types.learn(unknown.map((oid) => [oid, found.get(oid) ?? text]))
      unknown = types.unknownOf(oids)
    }
  })
}
