// Answers written straight to a Node response, where no route is involved.

import { randomUUID } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import { type Problem, problemContentType } from "./Problem.js"
import { refuseRest } from "./RequestBody.js"

/** The header with the id of a request, in every answer. The audit log refers to it. */
export const requestIdHeader = "x-request-id"

export const sendJson = (response: ServerResponse, status: number, json: string): void => {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(json),
    "x-content-type-options": "nosniff",
    [requestIdHeader]: randomUUID(),
  })
  response.end(json)
}

/** Ends the connection too when the rest of the request is not worth reading. */
export const sendProblem = (
  request: IncomingMessage,
  response: ServerResponse,
  { document, headers, status }: Problem,
): void => {
  refuseRest(request, response)
  response.writeHead(status, {
    ...headers,
    "content-type": problemContentType,
    "content-length": Buffer.byteLength(document),
    "x-content-type-options": "nosniff",
    [requestIdHeader]: randomUUID(),
  })
  response.end(request.method === "HEAD" ? undefined : document)
}
