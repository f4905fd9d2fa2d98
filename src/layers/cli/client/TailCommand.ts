// eventloom tail: the events of a namespace as they are published, read from its journal.
//
// Nothing is missed and nothing is shown twice, because it reads by sequence; a server that restarts
// is waited for.

import { Command, Options } from "@effect/cli"
import { Duration, Effect, Option, Schedule, Schema } from "effect"
import { UsageError } from "../CliErrors.js"
import { type Paint, plain, widthOf } from "../screen/Paint.js"
import { note, print, Screen } from "../screen/Screen.js"
import { type ApiClientShape, decodeAnswer } from "./ApiClient.js"
import { type ClientFlags, clientOptions, withClient } from "./ClientCommand.js"
import { type Item, text } from "./Fields.js"
import { namespaceArg, pathIn } from "./ResourceCommands.js"

const Digits = Schema.String.pipe(Schema.pattern(/^\d{1,16}$/))
const Page = Schema.Struct({
  events: Schema.Array(
    Schema.Struct({
      sequence: Digits,
      event: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    }),
  ),
  next: Schema.NullishOr(Digits),
})

interface Flags extends ClientFlags {
  readonly namespace: string
  readonly type: ReadonlyArray<string>
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
    from: Options.text("from").pipe(
      Options.withDescription("The first sequence to show, or earliest [default: what comes next]"),
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

const read = (
  api: ApiClientShape,
  namespace: string,
  after: number,
  limit: number,
  types: ReadonlyArray<string>,
) =>
  api
    .request("GET", pathIn(namespace, "events"), {
      query: { after: String(after), limit: String(limit), type: types },
    })
    .pipe(Effect.flatMap(decodeAnswer(Page)))

/** The last sequence of the journal: sequences have no holes, so it is found by halving. */
const headOf = (api: ApiClientShape, namespace: string) => {
  const isPast = (sequence: number) =>
    Effect.map(read(api, namespace, sequence, 1, []), ({ events }) => events.length === 0)
  return Effect.gen(function* () {
    let known = 0
    let past = 1_024
    while (!(yield* isPast(past))) {
      known = past + 1
      past *= 8
    }
    while (known < past) {
      const middle = Math.floor((known + past) / 2)
      if (yield* isPast(middle)) past = middle
      else known = middle + 1
    }
    return known
  })
}

const startOf = (api: ApiClientShape, { from, namespace }: Flags) =>
  Option.match(from, {
    onNone: () => headOf(api, namespace),
    onSome: (given) => {
      if (given === "earliest") return Effect.succeed(0)
      return /^\d{1,16}$/.test(given)
        ? Effect.succeed(Math.max(0, Number(given) - 1))
        : Effect.fail(new UsageError({ reason: "--from must be a sequence or earliest" }))
    },
  })

const pageEvents = 500
const pollEvery = Duration.millis(250)

/** While the server is away, as during its restart. */
const untilItIsBack = Schedule.spaced("1 second")

const tail = (api: ApiClientShape, flags: Flags) =>
  Effect.gen(function* () {
    const { out } = yield* Screen
    let after = yield* startOf(api, flags)
    let left = Option.getOrElse(flags.limit, () => Number.POSITIVE_INFINITY)
    if (left < 1) return yield* new UsageError({ reason: "--limit must be 1 or more" })
    const nextPage = Effect.suspend(() => read(api, flags.namespace, after, pageEvents, flags.type))
    // Only the first failure is the user's; later the server may come and go.
    let page = yield* nextPage
    const patiently = nextPage.pipe(
      Effect.tapErrorTag("ServerUnreachable", ({ reason }) => note(`Waiting: ${reason}`)),
      Effect.retry({ while: ({ _tag }) => _tag === "ServerUnreachable", schedule: untilItIsBack }),
    )
    for (;;) {
      const shown = page.events.slice(0, left)
      const lines = shown.map((entry) =>
        flags.json ? JSON.stringify(entry) : eventLine(entry, out.paint, out.columns),
      )
      if (lines.length > 0) yield* print(...lines)
      left -= shown.length
      if (left <= 0) return
      const next = page.next ?? page.events.at(-1)?.sequence
      if (next !== undefined) after = Math.max(after, Number(next))
      if (typeof page.next !== "string") yield* Effect.sleep(pollEvery)
      page = yield* patiently
    }
  })

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
