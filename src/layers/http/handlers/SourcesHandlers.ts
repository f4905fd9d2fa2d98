// Sources: from requests to the mesh and back.

import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { Mesh, type SourceView, type TableSnapshotView } from "../../../actors/index.js"
import {
  defaultLimit,
  EventloomApi,
  pageOf,
  SnapshotShape,
  SnapshotSpec,
  SourceShape,
  SourceSpec,
} from "../api/index.js"
import { jsonBody } from "../JsonBody.js"
import { answering, answerOf, putAnswer } from "./Answering.js"

const shownSnapshot = ({
  endedAt,
  estimatedRows,
  problem,
  ...rest
}: TableSnapshotView): typeof SnapshotShape.Type => ({
  ...rest,
  estimatedRows: estimatedRows ?? null,
  problem: problem ?? null,
  endedAt: endedAt ?? null,
})

const shown = ({ lagBytes, options, snapshots, ...rest }: SourceView): typeof SourceShape.Type => ({
  ...options,
  ...rest,
  problem: rest.problem ?? null,
  position: rest.position ?? null,
  lag: lagBytes ?? null,
  walStatus: rest.walStatus ?? null,
  snapshots: snapshots.map(shownSnapshot),
})

export const sourcesHandlers = HttpApiBuilder.group(EventloomApi, "sources", (handlers) =>
  Effect.map(Mesh, ({ sources }) =>
    handlers
      .handleRaw("putSource", ({ path }) =>
        Effect.gen(function* () {
          const spec = yield* jsonBody(SourceSpec)
          const { created, value } = yield* sources.put(path.source, spec)
          return yield* putAnswer(SourceShape, { created, value: shown(value) })
        }).pipe(answering),
      )
      .handle("getSource", ({ path }) => answering(Effect.map(sources.get(path.source), shown)))
      .handle("listSources", ({ urlParams: { after, limit = defaultLimit } }) =>
        answering(
          Effect.map(
            sources.list({ limit: limit + 1, ...(after === undefined ? {} : { after }) }),
            (found) => {
              const { items, next } = pageOf(found.map(shown), limit)
              return { sources: items, next }
            },
          ),
        ),
      )
      .handleRaw("snapshotTable", ({ path }) =>
        Effect.gen(function* () {
          const { table } = yield* jsonBody(SnapshotSpec)
          const snapshot = yield* sources.snapshot(path.source, table)
          return yield* answerOf(SnapshotShape, 202, shownSnapshot(snapshot))
        }).pipe(answering),
      )
      .handle("deleteSource", ({ path }) => answering(sources.remove(path.source))),
  ),
)
