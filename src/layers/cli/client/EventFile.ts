// Events in bulk: a JSON array, or one JSON object a line (NDJSON), from a file or the standard input.
//
// NDJSON is read as a stream, so a file of any size takes little memory; an array is read whole.

import * as fs from "node:fs"
import process from "node:process"
import { createInterface } from "node:readline"
import { Chunk, Effect, Schema, Stream } from "effect"
import { UsageError } from "../CliErrors.js"
import { parseJson } from "./JsonInput.js"

export type EventObject = Readonly<Record<string, unknown>>

export interface ReadEvent {
  readonly event: EventObject
  /** Of the file, read up to and with this event; undefined when its size is not known. */
  readonly fraction: number | undefined
}

const isObject = (value: unknown): value is EventObject =>
  Schema.is(Schema.Record({ key: Schema.String, value: Schema.Unknown }))(value) &&
  !Array.isArray(value)

const named = (path: string) => (path === "-" ? "the standard input" : path)

const asEvent = (value: unknown, where: string): Effect.Effect<EventObject, UsageError> =>
  isObject(value)
    ? Effect.succeed(value)
    : new UsageError({ reason: `${where} is not an event: a JSON object is expected` })

/** The events of a file, in its order. `path` may be `-`. */
export const eventsOf = (path: string): Stream.Stream<ReadEvent, UsageError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const unreadable = (cause: unknown) =>
        new UsageError({
          reason: `${named(path)} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
        })
      const size =
        path === "-"
          ? undefined
          : yield* Effect.tryPromise({
              try: async () => (await fs.promises.stat(path)).size,
              catch: unreadable,
            })
      const input = path === "-" ? process.stdin : fs.createReadStream(path)
      const lines = createInterface({ input, crlfDelay: Infinity })
      let bytes = 0
      let at = 0
      let array: string | undefined
      const fraction = () =>
        size === undefined || size === 0 ? undefined : Math.min(1, bytes / size)

      const fromLine = (line: string): Effect.Effect<ReadonlyArray<ReadEvent>, UsageError> =>
        Effect.gen(function* () {
          at++
          bytes += Buffer.byteLength(line) + 1
          if (array !== undefined) {
            array += `\n${line}`
            return []
          }
          const text = line.trim()
          if (text === "") return []
          if (text.startsWith("[")) {
            array = line
            return []
          }
          const where = `Line ${at} of ${named(path)}`
          const event = yield* asEvent(yield* parseJson(text, where), where)
          return [{ event, fraction: fraction() }]
        })

      const rest = Effect.suspend(() =>
        array === undefined ? Effect.succeed([]) : fromArray(array, named(path)),
      )

      return Stream.fromAsyncIterable(lines, unreadable).pipe(
        Stream.mapEffect(fromLine),
        Stream.mapConcat((events) => events),
        Stream.concat(Stream.mapConcat(Stream.fromEffect(rest), (events) => events)),
      )
    }),
  )

const fromArray = (
  text: string,
  name: string,
): Effect.Effect<ReadonlyArray<ReadEvent>, UsageError> =>
  Effect.flatMap(parseJson(text, name), (value) =>
    Array.isArray(value)
      ? Effect.forEach(value, (item, index) =>
          Effect.map(asEvent(item, `Item ${index} of ${name}`), (event) => ({
            event,
            fraction: (index + 1) / value.length,
          })),
        )
      : new UsageError({ reason: `${name} is no array of events` }),
  )

/** Groups of events for one request each: as many as fit the limits, one at least. */
export const batched =
  (limits: { readonly maxEvents: number; readonly maxCharacters: number }) =>
  <E, R>(events: Stream.Stream<ReadEvent, E, R>): Stream.Stream<ReadonlyArray<ReadEvent>, E, R> =>
    events.pipe(
      Stream.map((read) => ({ read, length: JSON.stringify(read.event).length + 1 })),
      Stream.mapAccum({ events: 0, characters: 0, group: 0 }, (sum, { read, length }) => {
        const fits =
          sum.events < limits.maxEvents && sum.characters + length <= limits.maxCharacters
        const next = fits
          ? { events: sum.events + 1, characters: sum.characters + length, group: sum.group }
          : { events: 1, characters: length, group: sum.group + 1 }
        return [next, { read, group: next.group }]
      }),
      Stream.groupAdjacentBy(({ group }) => group),
      Stream.map(([, group]) => Chunk.toReadonlyArray(Chunk.map(group, ({ read }) => read))),
    )
