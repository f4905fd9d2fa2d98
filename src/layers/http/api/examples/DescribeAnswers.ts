// Completes the description that is derived from the routes: who may use each, problems in place of
// the built-in error, and an example of every body.

import { Predicate } from "effect"
import { problemContentType, problemJsonSchema } from "../../Problem.js"
import { type OperationExample, operationExamples } from "./OperationExamples.js"
import { type DescribedOperation, problemKinds } from "./ProblemExamples.js"
import { problemSamples } from "./ProblemSamples.js"

export const unreadable = "The request cannot be read: `field` says which part of it."

type Json = Record<string | number, unknown>

/** Changes the document in place, and answers it. */
export const describeAnswers = (
  document: Json,
  needs: ReadonlyMap<string, DescribedOperation["need"]>,
): Json => {
  dropMarks(document)
  const { components, paths } = document
  for (const [path, operations] of entriesOf(paths)) {
    for (const [method, operation] of entriesOf(operations)) {
      const id = String(operation["operationId"])
      const described: DescribedOperation = {
        id,
        method,
        path,
        hasBody: operation["requestBody"] !== undefined,
        hasQuery: hasQuery(operation["parameters"]),
        need: needs.get(id),
      }
      const taken = takes[described.need ?? "nobody"]
      const said = operation["description"]
      operation["description"] = typeof said === "string" ? `${said}\n\n${taken}` : taken
      addRequestExamples(operation["requestBody"], operationExamples[id])
      for (const [status, answer] of entriesOf(operation["responses"])) {
        if (Number(status) >= 400) describeProblem(answer, described, Number(status))
        else {
          answer["description"] = successes[`${method} ${status}`] ?? successes[status]
          addAnswerExample(answer, operationExamples[id]?.answers[Number(status)])
        }
      }
    }
  }
  if (Predicate.isRecord(components) && Predicate.isRecord(components["schemas"])) {
    const { HttpApiDecodeError: _, Issue: __, PropertyKey: ___, ...rest } = components["schemas"]
    components["schemas"] = { ...rest, Problem: problemJsonSchema }
    components["examples"] = Object.fromEntries(
      Object.entries(problemSamples).map(([kind, value]) => [kind, { value }]),
    )
  }
  return document
}

/** Schemas that stand for any value come with an `$id`, the same for all of them: two are one too many. */
const dropMarks = (value: unknown): void => {
  if (Array.isArray(value)) return value.forEach(dropMarks)
  if (!Predicate.isRecord(value)) return
  if (typeof value["$id"] === "string") delete value["$id"]
  for (const nested of Object.values(value)) dropMarks(nested)
}

const takes = {
  nobody: "Open to everybody.",
  operator: "Takes the operator's token.",
  any: "Takes the operator's token, or any key.",
  publish: "Takes the operator's token, or a key with the scope `publish`.",
  read: "Takes the operator's token, or a key with the scope `read`.",
  manage: "Takes the operator's token, or a key with the scope `manage`.",
} as const

const successes: Readonly<Record<string, string>> = {
  "get 200": "What was asked for.",
  "put 200": "It was there before, and is now as stated.",
  200: "Done.",
  201: "Created.",
  202: "Accepted: it is sure to happen.",
  204: "Done.",
}

const hasQuery = (parameters: unknown): boolean =>
  Array.isArray(parameters) &&
  parameters.some((parameter) => Predicate.isRecord(parameter) && parameter["in"] === "query")

const describeProblem = (answer: Json, operation: DescribedOperation, status: number): void => {
  const examples = problemKinds(operation, status).map((kind) => [
    kind,
    { $ref: `#/components/examples/${kind}` },
  ])
  if (status === 400) answer["description"] = unreadable
  answer["content"] = {
    [problemContentType]: {
      schema: { $ref: "#/components/schemas/Problem" },
      examples: Object.fromEntries(examples),
    },
  }
}

const addRequestExamples = (body: unknown, example: OperationExample | undefined): void => {
  if (!Predicate.isRecord(body)) return
  for (const [type, content] of entriesOf(body["content"])) {
    content["example"] = example?.requests?.[type] ?? example?.request
  }
}

const addAnswerExample = (answer: Json, example: unknown): void => {
  for (const [, content] of entriesOf(answer["content"])) content["example"] = example
}

const entriesOf = (value: unknown): ReadonlyArray<readonly [string, Json]> =>
  Predicate.isRecord(value)
    ? Object.entries(value).flatMap(([name, entry]) =>
        Predicate.isRecord(entry) ? [[name, entry] as const] : [],
      )
    : []
