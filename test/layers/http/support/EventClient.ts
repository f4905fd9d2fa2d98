// A client of an event stream on a socket of its own: reads, stops reading, goes on, leaves.

import { type ClientRequest, get, type IncomingHttpHeaders, type IncomingMessage } from "node:http"
import { Effect } from "effect"
import {
  EventStreamParser,
  type ServerSentEvent,
} from "../../../../src/layers/cli/client/EventStreamParser.js"
import { Api } from "./Server.js"

export class EventClient {
  readonly events: Array<ServerSentEvent> = []
  /** The ids of the events of the mesh. */
  readonly ids: Array<string> = []
  text = ""
  ended = false
  readonly #parser = new EventStreamParser()
  readonly #request: ClientRequest
  readonly #response: IncomingMessage
  readonly #waiting = new Set<() => void>()

  constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request
    this.#response = response
    response.setEncoding("utf8")
    response.on("data", (text: string) => {
      this.text += text
      for (const event of this.#parser.feed(text)) {
        this.events.push(event)
        if (event.name === "message") this.ids.push(JSON.parse(event.data).id)
      }
      this.#notify()
    })
    response.on("error", () => {})
    response.on("close", () => {
      this.ended = true
      this.#notify()
    })
  }

  get status(): number | undefined {
    return this.#response.statusCode
  }

  get headers(): IncomingHttpHeaders {
    return this.#response.headers
  }

  /** What it would send as Last-Event-ID. */
  get lastEventId(): string | undefined {
    return this.#parser.lastEventId
  }

  until(condition: (client: EventClient) => boolean): Effect.Effect<void> {
    return Effect.async((resume) => {
      const check = () => {
        if (!condition(this)) return
        this.#waiting.delete(check)
        resume(Effect.void)
      }
      this.#waiting.add(check)
      check()
    })
  }

  pause(): void {
    this.#response.pause()
  }

  resume(): void {
    this.#response.resume()
  }

  leave(): void {
    this.#request.destroy()
  }

  #notify(): void {
    for (const check of this.#waiting) check()
  }
}

/** Connects; the scope leaves. */
export const connect = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(Api, ({ url }) =>
    Effect.acquireRelease(
      Effect.async<EventClient>((resume) => {
        const request = get(`${url}${path}`, { headers, agent: false }, (response) =>
          resume(Effect.succeed(new EventClient(request, response))),
        )
        request.on("error", () => {})
      }),
      (client) => Effect.sync(() => client.leave()),
    ),
  )
