// Server-sent events from text, however it is cut into pieces.

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { EventStreamParser } from "../../../src/layers/cli/client/EventStreamParser.js"

const read = (...pieces: ReadonlyArray<string>) => {
  const parser = new EventStreamParser()
  return { parser, events: pieces.flatMap((piece) => parser.feed(piece)) }
}

describe("An event stream", () => {
  it("is read as the specification has it", () => {
    const { events, parser } = read(
      "\ufeff: comment\nretry: 10\n\nid: 1\ndata: a\ndata\ndata:b\n\n",
      "event: add\rdata: 73857293\r\rid: 2\r\n\r\ndata:  x\nid: a\0b\nretry: 1s\nunknown: y\n\n",
      "data: not complete\n",
    )
    expect(events).toEqual([
      { name: "message", data: "a\n\nb", id: "1" },
      { name: "add", data: "73857293", id: undefined },
      { name: "message", data: " x", id: undefined },
    ])
    // The block without data moved it.
    expect(parser.lastEventId).toBe("2")
    expect(parser.retryMillis).toBe(10)
  })

  it("means the same however it is cut", () => {
    const line = fc.constantFrom(
      "id: 1",
      "id",
      "data: a",
      "data",
      "event: e",
      ":",
      "",
      "",
      "retry: 5",
    )
    const text = fc
      .array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r")))
      .map((lines) => `${lines.map((parts) => parts.join("")).join("")}\n`)
    fc.assert(
      fc.property(text, fc.array(fc.nat(80)), (whole, cuts) => {
        const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length].sort(
          (a, b) => a - b,
        )
        const pieces = at.slice(1).map((end, index) => whole.slice(at[index], end))
        const [once, cut] = [read(whole), read(...pieces)]
        expect(cut.events).toEqual(once.events)
        expect(cut.parser.lastEventId).toBe(once.parser.lastEventId)
      }),
    )
  })

  it("that is lost in the middle of an event leaves nothing of it for the next connection", () => {
    const parser = new EventStreamParser()
    parser.feed("id: 1\ndata: a\n\nid: 2\ndata: b\nda")
    parser.reset()
    expect(parser.lastEventId).toBe("1")
    expect(parser.feed("id: 2\ndata: b\n\n")).toEqual([{ name: "message", data: "b", id: "2" }])
  })
})
