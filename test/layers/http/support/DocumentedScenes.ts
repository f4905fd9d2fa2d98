// Plays requests against a server and compares each answer with what is documented of it: the status,
// the body, the kind of problem. Keeps count of what was met.

import { request } from "node:http"
import { Effect } from "effect"
import { expect } from "vitest"
import type { Operation } from "./ApiDocument.js"
import { type Answer, Api, send } from "./Server.js"

/** What the parts of a path are, unless a scene says otherwise. */
const usual = {
  namespace: "acme.example",
  hostType: "shop",
  source: "shop-database",
  key: "89M6fspIX1g7KeJH",
  sink: "orders-hook",
  subscription: "orders",
  replay: "rp_0mwqpn0cs0000",
  type: "shop.order.placed",
  sequence: "1",
  deadLetter: "dl_0mwqpn0cs0000",
}

export type Names = Partial<typeof usual>

export interface Scene {
  readonly names?: Names
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Else the example of the operation. */
  readonly body?: unknown
  /** Which of the bodies that it takes, where there are several. */
  readonly contentType?: string
}

/** Members that only some problems of a kind have. */
const optional: Readonly<Record<string, ReadonlyArray<string>>> = {
  "event-type-not-found": ["namespace", "hostType"],
  "invalid-field": ["pointer", "position"],
  "malformed-json": ["position"],
  "rotation-under-way": ["sink"],
}

const membersOf = (kind: string, document: unknown): ReadonlyArray<string> =>
  typeof document === "object" && document !== null
    ? Object.keys(document)
        .filter((name) => optional[kind]?.includes(name) !== true)
        .sort()
    : []

export class DocumentedScenes {
  readonly operations: ReadonlyArray<Operation>
  readonly #headers: Readonly<Record<string, string>>
  readonly #met: Set<string>

  constructor(
    operations: ReadonlyArray<Operation>,
    headers: Readonly<Record<string, string>>,
    met: Set<string>,
  ) {
    this.operations = operations
    this.#headers = headers
    this.#met = met
  }

  of(id: string): Operation {
    const operation = this.operations.find((one) => one.id === id)
    if (operation === undefined) throw new Error(`there is no operation ${id}`)
    return operation
  }

  /** Those that document this status, with the kinds of problems that it stands for. */
  answering(status: number): ReadonlyArray<readonly [Operation, ReadonlyArray<string>]> {
    return this.operations.flatMap((operation) =>
      operation.answers.has(status) ? [[operation, this.#kinds(operation, status)] as const] : [],
    )
  }

  /** Every documented answer and kind of problem that no scene has met. */
  get missing(): ReadonlyArray<string> {
    return this.operations
      .flatMap((operation) =>
        [...operation.answers.keys()].flatMap((status) => [
          `${operation.id} ${status}`,
          ...this.#kinds(operation, status).map((kind) => `${operation.id} ${status} ${kind}`),
        ]),
      )
      .filter((answer) => !this.#met.has(answer))
  }

  #kinds({ answers }: Operation, status: number): ReadonlyArray<string> {
    return status < 400 ? [] : Object.keys(answers.get(status)?.examples ?? {})
  }

  requestOf(id: string, scene: Scene = {}) {
    const operation = this.of(id)
    const values: Readonly<Record<string, string>> = { ...usual, ...scene.names }
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name)
    const taken =
      operation.requests.find(({ contentType }) => contentType === scene.contentType) ??
      operation.requests[0]
    const contentType = scene.contentType ?? taken?.contentType
    const body = "body" in scene ? scene.body : Object.values(taken?.examples ?? {})[0]
    return {
      method: operation.method,
      path: `${path}${scene.query ?? ""}`,
      headers: {
        ...(taken === undefined || contentType === undefined
          ? {}
          : { "content-type": contentType }),
        ...this.#headers,
        ...scene.headers,
      },
      ...(taken === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }
  }

  /** Plays a scene, whose answer must have this status. */
  play(id: string, status: number, scene: Scene = {}): Effect.Effect<Answer, never, Api> {
    return Effect.map(send(this.requestOf(id, scene)), (answer) => {
      expect([id, answer.status, answer.text]).toEqual([id, status, answer.text])
      this.judge(id, answer)
      return answer
    })
  }

  /** Plays a scene, whose answer must be of those that are documented. */
  playAny(id: string, scene: Scene = {}): Effect.Effect<Answer, never, Api> {
    return Effect.tap(send(this.requestOf(id, scene)), (answer) =>
      Effect.sync(() => this.judge(id, answer)),
    )
  }

  judge(id: string, { headers, json, status, text }: Answer): void {
    const { answers } = this.of(id)
    expect([id, status, text, answers.has(status)]).toEqual([id, status, text, true])
    this.#met.add(`${id} ${status}`)
    const described = answers.get(status)
    if (described === undefined) return expect([id, status, text]).toEqual([id, status, ""])
    const { contentType, examples, faultOf } = described
    expect([id, status, headers["content-type"]]).toEqual([id, status, contentType])
    expect([id, status, text, faultOf(json ?? text)]).toEqual([id, status, text, undefined])
    if (status < 400) return
    const type = (json as { readonly type: string }).type
    const kind = type.slice(type.lastIndexOf(":") + 1)
    expect([id, status, text, kind in examples]).toEqual([id, status, text, true])
    expect([id, kind, membersOf(kind, json)]).toEqual([id, kind, membersOf(kind, examples[kind])])
    this.#met.add(`${id} ${status} ${kind}`)
  }
}

/** Sends a request that does not say which host it is for. */
export const sendWithoutHost = ({
  method,
  path,
}: {
  readonly method: string
  readonly path: string
}): Effect.Effect<Answer, never, Api> =>
  Effect.flatMap(Api, ({ url }) =>
    Effect.async<Answer>((resume) => {
      const sent = request(`${url}${path}`, { method, setHost: false, agent: false }, (answer) => {
        let text = ""
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part
        })
        answer.on("end", () =>
          resume(
            Effect.succeed({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              text,
              json: JSON.parse(text),
            }),
          ),
        )
      })
      sent.end()
    }),
  )
