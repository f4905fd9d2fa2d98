// The fast path of publishing: the same as the documented route, in front of the router and without
// a fiber per request. It takes requests without a query to a namespace whose name stands as it is
// in the path; all others go to the route.

import type { IncomingMessage, ServerResponse } from "node:http"
import { Cause, Exit, Option, Runtime } from "effect"
import type { MeshService, PublishError, Receipt } from "../../actors/index.js"
import {
  isPublishRefused,
  type NamespaceName,
  namespaceName,
  type PublishRefused,
} from "../../domain/index.js"
import type { AccessRules } from "./Access.js"
import { durabilityHeader } from "./api/index.js"
import type { RefusalPaceShape } from "./RefusalPace.js"
import { refusalOf } from "./Permission.js"
import { logFault } from "./ProblemAnswers.js"
import { Problem } from "./Problem.js"
import { problemOf } from "./ProblemOf.js"
import { acceptedJson, bodyLimitOf, decodePublish } from "./PublishRequest.js"
import { readBody } from "./RequestBody.js"
import { sendJson, sendProblem } from "./SendAnswer.js"

export interface FastPublishOptions {
  readonly mesh: MeshService
  readonly access: AccessRules
  readonly runtime: Runtime.Runtime<never>
  readonly pace: RefusalPaceShape
}

/** Takes the request and answers true, or leaves it alone and answers false. */
export type FastPath = (request: IncomingMessage, response: ServerResponse) => boolean

export const fastPublish = ({ mesh, access, runtime, pace }: FastPublishOptions): FastPath => {
  const limits = mesh.eventLimits
  const namespaceOf = findNamespace()
  const runCallback = Runtime.runCallback(runtime)

  const refuse = (
    namespace: NamespaceName,
    refusal: PublishRefused,
    request: IncomingMessage,
    response: ServerResponse,
  ) =>
    pace.inTurn(namespace, () => {
      if (!response.destroyed) sendProblem(request, response, refused(refusal))
    })

  /** A refusal is given again and again while it lasts, to whoever comes too often. */
  const refusals = new WeakMap<PublishRefused, Problem>()
  const refused = (refusal: PublishRefused): Problem => {
    const known = refusals.get(refusal)
    if (known !== undefined) return known
    const problem = problemOf(refusal)
    refusals.set(refusal, problem)
    return problem
  }

  const failed = (
    request: IncomingMessage,
    response: ServerResponse,
    cause: Cause.Cause<unknown>,
  ) =>
    runCallback(logFault(cause), {
      onExit: Exit.match({
        onFailure: () => response.destroy(),
        onSuccess: (problem) => sendProblem(request, response, problem),
      }),
    })

  const answer = (
    namespace: NamespaceName,
    request: IncomingMessage,
    response: ServerResponse,
    exit: Exit.Exit<ReadonlyArray<Receipt>, PublishError>,
  ): void => {
    if (Exit.isSuccess(exit)) return sendJson(response, 202, acceptedJson(exit.value, undefined))
    const error = Option.getOrUndefined(Cause.failureOption(exit.cause))
    if (error !== undefined) {
      return isPublishRefused(error)
        ? refuse(namespace, error, request, response)
        : sendProblem(request, response, problemOf(error))
    }
    if (Cause.isInterruptedOnly(exit.cause)) return sendProblem(request, response, stopping)
    failed(request, response, exit.cause)
  }

  const publish = (
    namespace: NamespaceName,
    request: IncomingMessage,
    response: ServerResponse,
    body: Uint8Array | Problem,
  ): void => {
    if (body instanceof Problem) return sendProblem(request, response, body)
    const decoded = decodePublish(request, body, limits, false)
    if (decoded._tag === "Left") return sendProblem(request, response, decoded.left)
    const { events } = decoded.right
    const resume = (exit: Exit.Exit<ReadonlyArray<Receipt>, PublishError>) =>
      answer(namespace, request, response, exit)
    if (!mesh.publishAwake(namespace, events, resume)) {
      runCallback(mesh.publish(namespace, events), { onExit: resume })
    }
  }

  return (request, response) => {
    const namespace = namespaceOf(request)
    if (namespace === undefined) return false
    const caller = access.identify(request.headers)
    // A key that has to be looked up: the route does it.
    if (caller === undefined) return false
    const forbidden =
      caller._tag === "Left" ? caller.left : refusalOf(caller.right, "publish", namespace)
    if (forbidden !== undefined) {
      sendProblem(request, response, forbidden)
      return true
    }
    const refusal = mesh.refusal(namespace)
    if (refusal !== undefined) {
      refuse(namespace, refusal, request, response)
      return true
    }
    readBody(request, bodyLimitOf(request, limits), (body) => {
      try {
        publish(namespace, request, response, body)
      } catch (defect) {
        failed(request, response, Cause.die(defect))
      }
    })
    return true
  }
}

const prefix = "/v1/namespaces/"
const suffix = "/events"

/** How many paths are remembered with the namespaces in them: the clients of a server use few. */
const maxKnown = 4_096

const findNamespace = () => {
  const known = new Map<string, NamespaceName>()
  return ({ headers, method, url = "" }: IncomingMessage): NamespaceName | undefined => {
    if (method !== "POST" || headers[durabilityHeader] !== undefined) return undefined
    const found = known.get(url)
    if (found !== undefined || !url.startsWith(prefix) || !url.endsWith(suffix)) return found
    const namespace = namespaceName(url.slice(prefix.length, -suffix.length))
    if (namespace === undefined) return undefined
    if (known.size >= maxKnown) known.clear()
    known.set(url, namespace)
    return namespace
  }
}

const stopping = new Problem({
  status: 503,
  kind: "stopping",
  detail: "The server is stopping. Whether the events were stored is not known; try again.",
  headers: { "retry-after": "1" },
})
