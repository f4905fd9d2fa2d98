// eventloom tail: the events of a namespace as they are published, from its event stream.
//
// Nothing is missed and nothing is shown twice: after a lost connection it goes on where it was, and a
// server that restarts is waited for.

import { Command, Options } from "@effect/cli"
import { Duration, Effect, Option, Stream } from "effect"
import { CommandFailed, UsageError } from "../CliErrors.js"
import { type Paint, plain, widthOf } from "../screen/Paint.js"
import { note, print, Screen } from "../screen/Screen.js"
import type { ApiClientShape, ApiError } from "./ApiClient.js"
import { type ClientFlags, clientOptions, withClient } from "./ClientCommand.js"
import { EventStreamParser, type ServerSentEvent } from "./EventStreamParser.js"
import { type Item, isItem, itemOf, text } from "./Fields.js"
import { namespaceArg, pathIn } from "./ResourceCommands.js"

interface Flags extends ClientFlags {
  readonly namespace: string
  readonly type: ReadonlyArray<string>
  readonly filter: Option.Option<string>
  readonly after: Option.Option<string>
  readonly from: Option.Option<string>
  readonly limit: Option.Option<number>
}

export const tailCommand = Command.make(
  "tail",
  {
    namespace: namespaceArg,
    type: Options.text("type").pipe(
      Options.withDescription("Only types of this pattern, such as booking.*; may be repeated"),
      Options.repeated,
    ),
    filter: Options.text("filter").pipe(
      Options.withDescription("Only events of which this CloudEvents SQL expression is true"),
      Options.optional,
    ),
    after: Options.text("after").pipe(
      Options.withDescription("Show what comes after this sequence [default: what comes next]"),
      Options.optional,
    ),
    from: Options.text("from").pipe(
      Options.withDescription("The first sequence to show, or earliest"),
      Options.optional,
    ),
    limit: Options.integer("limit").pipe(
      Options.withDescription("End after this many events"),
      Options.optional,
    ),
    ...clientOptions,
  },
  (flags) => withClient(flags, (api) => tail(api, flags)),
).pipe(Command.withDescription("Follow the events of a namespace"))

const isSequence = (given: string) => /^\d{1,16}$/.test(given)

/** The sequence to begin after; undefined for what comes next. */
const startOf = ({ after, from }: Flags): Effect.Effect<string | undefined, UsageError> => {
  if (Option.isSome(after)) {
    if (Option.isSome(from)) return new UsageError({ reason: "give --after or --from, not both" })
    return isSequence(after.value)
      ? Effect.succeed(String(Number(after.value)))
      : new UsageError({ reason: "--after must be a sequence" })
  }
  if (Option.isNone(from)) return Effect.succeed(undefined)
  if (from.value === "earliest") return Effect.succeed("0")
  return isSequence(from.value)
    ? Effect.succeed(String(Math.max(0, Number(from.value) - 1)))
    : new UsageError({ reason: "--from must be a sequence or earliest" })
}

/** A server shows every 15 s that the connection lives. */
const quiet = Duration.minutes(1)
const defaultRetryMillis = 2_000

const tail = (api: ApiClientShape, flags: Flags) =>
  Effect.gen(function* () {
    const { out } = yield* Screen
    const after = yield* startOf(flags)
    let left = Option.getOrElse(flags.limit, () => Number.POSITIVE_INFINITY)
    if (left < 1) return yield* new UsageError({ reason: "--limit must be 1 or more" })
    const parser = new EventStreamParser()
    let removed = false
    let waitingFor: string | undefined

    const show = (events: ReadonlyArray<ServerSentEvent>) =>
      Effect.gen(function* () {
        waitingFor = undefined
        const lines: Array<string> = []
        for (const event of events) {
          if (event.name === "message" && left > 0) {
            left--
            lines.push(yield* shown(event, flags.json, out.paint, out.columns))
          } else if (event.name === "removed") {
            removed = true
          }
        }
        if (lines.length > 0) yield* print(...lines)
        const notes = events.flatMap(noteOf)
        if (notes.length > 0) yield* note(...notes)
        return left > 0 && !removed
      })

    const connection = Effect.suspend(() => {
      parser.reset()
      const { lastEventId } = parser
      return api
        .follow(pathIn(flags.namespace, "events", "stream"), {
          query: { after, type: flags.type, filter: Option.getOrUndefined(flags.filter) },
          headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
          quiet,
        })
        .pipe(Stream.runForEachWhile((piece) => show(parser.feed(piece))))
    })

    for (;;) {
      const lost = yield* Effect.either(connection)
      if (left <= 0 || removed) return
      if (lost._tag === "Left") {
        // Only what fails at the first try is the user's; later the server may come and go.
        if (parser.lastEventId === undefined || !isPassing(lost.left)) return yield* lost.left
        const reason = reasonOf(lost.left)
        if (reason !== waitingFor) yield* note(`Waiting: ${reason}`)
        waitingFor = reason
      }
      yield* Effect.sleep(parser.retryMillis ?? defaultRetryMillis)
    }
  })

const reasonOf = (error: ApiError): string =>
  error._tag === "ServerUnreachable" ? error.reason : error.message

/** Whether it is worth trying again: nobody answers, or the server is busy. */
const isPassing = (error: ApiError): boolean =>
  error._tag === "ServerUnreachable" ||
  (error._tag === "RequestRefused" && (error.status === 429 || error.status >= 500))

const noteOf = ({ data, name }: ServerSentEvent): ReadonlyArray<string> => {
  const count = text(itemOf(parsed(data)), "count")
  switch (name) {
    case "removed":
      return ["The namespace was removed."]
    case "dropped":
      return [`${count} ephemeral events were lost: they came faster than they were read.`]
    case "expired":
      return [`${count} events had left the journal before they were read.`]
    default:
      return []
  }
}

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** The line of one event. An ephemeral one has no id and shows the sequence 0. */
const shown = (
  { data, id = "0" }: ServerSentEvent,
  json: boolean,
  paint: Paint,
  columns: number,
): Effect.Effect<string, CommandFailed> => {
  const event = parsed(data)
  if (!isItem(event)) {
    return new CommandFailed({ reason: "The server's answer is not understood: it has no event" })
  }
  const entry = { sequence: id, event }
  return Effect.succeed(json ? JSON.stringify(entry) : eventLine(entry, paint, columns))
}

const eventLine = (
  { sequence, event }: { readonly sequence: string; readonly event: Item },
  paint: Paint,
  columns: number,
): string => {
  const subject = text(event, "subject")
  const head = [
    paint.dim(sequence.padStart(6)),
    paint.cyan(text(event, "type")),
    plain(`${text(event, "source")}${subject === "" ? "" : ` ${subject}`}`),
    paint.dim(text(event, "id")),
  ].join("  ")
  const data = text(event, event["data"] === undefined ? "data_base64" : "data")
  const room = Math.max(20, columns - widthOf(head) - 2)
  const shown = data.length > room ? `${data.slice(0, room - 1)}…` : data
  return data === "" ? head : `${head}  ${shown}`
}
