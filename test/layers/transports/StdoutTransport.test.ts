import { Writable } from "node:stream"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import type { Delivery } from "../../../src/actors/index.js"
import { JournaledEvent, Sequence } from "../../../src/domain/index.js"
import { StdoutTransport } from "../../../src/layers/transports/index.js"
import { deliveries, delivery, namespace, sink } from "./support/Deliveries.js"

type Write = (lines: string, done: (error?: Error) => void) => void

const streamOf = (write: Write) =>
  new Writable({
    decodeStrings: false,
    highWaterMark: 1,
    write: (chunk, _encoding, done) => write(String(chunk), done),
  })

const connectionTo = (stream: Writable) =>
  Effect.flatMap(Layer.build(StdoutTransport.layerStream(stream)), (context) =>
    StdoutTransport.make.pipe(
      Effect.flatMap(({ open }) => open({ namespace, sink, options: {}, secrets: {} })),
      Effect.provide(context),
    ),
  )

describe("the standard output", () => {
  it.scoped("gets one line per event, which is the event", () =>
    Effect.gen(function* () {
      let text = ""
      const stream = streamOf((lines, done) => {
        text += lines
        done()
      })
      const { deliver, deliverBatch } = yield* connectionTo(stream)
      const first = delivery(1, { data: { text: "two\nlines" } })
      const spread: Delivery = {
        ...delivery(2),
        event: new JournaledEvent(Sequence.make(2), "t", '{\n  "id": "2",\r\n"data": "a b" }', 0),
      }
      yield* deliver(first)
      yield* deliver(spread)
      const outcomes = yield* deliverBatch?.(deliveries(2)) ?? Effect.succeed([])
      expect(outcomes.map(({ _tag }) => _tag)).toEqual(["Delivered", "Delivered"])
      const [one, two] = deliveries(2)
      expect(text.split("\n")).toEqual([
        first.event.json,
        '{"id":"2","data":"a b"}',
        one?.event.json,
        two?.event.json,
        "",
      ])
    }),
  )

  it.scoped("takes as long as the stream does", () =>
    Effect.gen(function* () {
      const taken: Array<() => void> = []
      const stream = streamOf((_, done) => taken.push(done))
      const { deliver } = yield* connectionTo(stream)
      const fibers = yield* Effect.forEach(deliveries(2), (each) => Effect.fork(deliver(each)))
      yield* Effect.yieldNow()
      expect(taken).toHaveLength(1)
      expect(yield* Effect.forEach(fibers, Fiber.poll)).toMatchObject([
        { _tag: "None" },
        { _tag: "None" },
      ])
      taken.pop()?.()
      yield* Fiber.join(fibers[0] ?? Fiber.never)
      taken.pop()?.()
      yield* Fiber.join(fibers[1] ?? Fiber.never)
    }),
  )

  it.scoped("that is closed is tried again", () =>
    Effect.gen(function* () {
      const stream = streamOf((_, done) =>
        done(Object.assign(new Error("gone"), { code: "EPIPE" })),
      )
      const { deliver } = yield* connectionTo(stream)
      expect(yield* deliver(delivery(1))).toMatchObject({
        _tag: "Retry",
        reason: "the output takes no lines (EPIPE)",
      })
      expect((yield* deliver(delivery(2)))._tag).toBe("Retry")
    }),
  )
})
