// Reads server-sent events (WHATWG HTML, section 9.2.6) from text that comes in pieces.

export interface ServerSentEvent {
  /** `message` unless the server named it. */
  readonly name: string
  readonly data: string
  /** The id that came with this very event; undefined when there was none. */
  readonly id: string | undefined
}

export class EventStreamParser {
  /** What to send as `Last-Event-ID` to go on after what was read; undefined before the first id. */
  lastEventId: string | undefined
  /** How long the server asks to wait before connecting again, in milliseconds. */
  retryMillis: number | undefined
  #rest = ""
  #first = true
  #id: string | undefined
  #name = ""
  #data: Array<string> = []

  /** The events that the text completes. */
  feed(text: string): ReadonlyArray<ServerSentEvent> {
    const events: Array<ServerSentEvent> = []
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ""
    for (const line of lines) {
      const event = this.#line(this.#first && line.startsWith("\ufeff") ? line.slice(1) : line)
      this.#first = false
      if (event !== undefined) events.push(event)
    }
    return events
  }

  /** For a new connection: what was not completed on the last one will come again. */
  reset(): void {
    this.#rest = ""
    this.#first = true
    this.#clear()
  }

  #line(line: string): ServerSentEvent | undefined {
    if (line === "") return this.#dispatch()
    const colon = line.indexOf(":")
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1)
    if (field === "data") this.#data.push(value)
    else if (field === "event") this.#name = value
    else if (field === "id" && !value.includes("\0")) this.#id = value
    else if (field === "retry" && /^\d+$/.test(value)) this.retryMillis = Number(value)
    return undefined
  }

  /** A block without data is no event, but its id counts. */
  #dispatch(): ServerSentEvent | undefined {
    const event =
      this.#data.length === 0
        ? undefined
        : { name: this.#name || "message", data: this.#data.join("\n"), id: this.#id }
    this.lastEventId = this.#id ?? this.lastEventId
    this.#clear()
    return event
  }

  #clear(): void {
    this.#id = undefined
    this.#name = ""
    this.#data = []
  }
}
