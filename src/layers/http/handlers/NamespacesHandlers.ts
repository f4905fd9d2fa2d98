// Namespaces: from requests to the mesh and back.

import { HttpApiBuilder } from "@effect/platform"
import { Effect, Option } from "effect"
import { Mesh, type NamespaceView } from "../../../actors/index.js"
import { nextStep, type RemovalReport } from "../../../domain/index.js"
import {
  defaultLimit,
  EventloomApi,
  NamespaceChange,
  NamespaceShape,
  NamespaceSpec,
  pageOf,
  RemovalShape,
} from "../api/index.js"
import { jsonBody } from "../JsonBody.js"
import { Problem } from "../Problem.js"
import { invalidField } from "../ProblemOf.js"
import { answering, answerOf, putAnswer } from "./Answering.js"

const shown = ({ overrides, ...rest }: NamespaceView): typeof NamespaceShape.Type => ({
  ...rest,
  ...overrides,
})

const account = (report: RemovalReport): typeof RemovalShape.Type => ({
  ...report,
  status: nextStep(report) === undefined ? "removed" : "removing",
})

export const namespacesHandlers = HttpApiBuilder.group(EventloomApi, "namespaces", (handlers) =>
  Effect.map(Mesh, ({ namespaces }) =>
    handlers
      .handleRaw("putNamespace", ({ path }) =>
        Effect.gen(function* () {
          const { hostType, ...overrides } = yield* jsonBody(NamespaceSpec)
          const { created, value } = yield* namespaces.put(path.namespace, { hostType, overrides })
          return yield* putAnswer(NamespaceShape, { created, value: shown(value) })
        }).pipe(
          Effect.catchTag("HostTypeNotFound", ({ message }) => invalidField("hostType", message)),
          answering,
        ),
      )
      .handleRaw("setNamespaceStatus", ({ path }) =>
        Effect.gen(function* () {
          const { status } = yield* jsonBody(NamespaceChange)
          return shown(yield* namespaces.setStatus(path.namespace, status))
        }).pipe(answering),
      )
      .handle("getNamespace", ({ path }) =>
        answering(
          Effect.map(namespaces.get(path.namespace), ({ limits, usage, ...view }) => ({
            ...shown(view),
            limits,
            usage,
          })),
        ),
      )
      .handle("listNamespaces", ({ urlParams: { after, hostType, limit = defaultLimit } }) =>
        answering(
          Effect.map(
            namespaces.list({
              limit: limit + 1,
              ...(after === undefined ? {} : { after }),
              ...(hostType === undefined ? {} : { hostType }),
            }),
            (found) => {
              const { items, next } = pageOf(found.map(shown), limit)
              return { namespaces: items, next }
            },
          ),
        ),
      )
      .handle("removeNamespace", ({ path, urlParams: { wait } }) =>
        namespaces.remove(path.namespace, wait === undefined ? {} : { wait }).pipe(
          answering,
          Effect.map(account),
          Effect.flatMap((removal) =>
            answerOf(RemovalShape, removal.status === "removed" ? 200 : 202, removal),
          ),
        ),
      )
      .handle("getRemoval", ({ path }) =>
        Effect.flatMap(
          namespaces.removal(path.namespace),
          Option.match({
            onNone: () => Effect.fail(noRemoval(path.namespace)),
            onSome: (report) => Effect.succeed(account(report)),
          }),
        ).pipe(answering),
      ),
  ),
)

const noRemoval = (namespace: string) =>
  new Problem({
    status: 404,
    kind: "no-removal",
    detail: `No removal of "${namespace}" is under way.`,
    facts: { namespace },
  })
