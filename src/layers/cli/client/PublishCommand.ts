// eventloom publish: one event made from options, or many from a file.

import { randomUUID } from "node:crypto"
import { Args, Command, Options } from "@effect/cli"
import { Duration, Effect, Option, Schema, Stream } from "effect"
import { UsageError } from "../CliErrors.js"
import { plain } from "../screen/Paint.js"
import { progressBar } from "../screen/ProgressBar.js"
import { count, millis, table } from "../screen/Table.js"
import { type ApiClientShape, decodeAnswer } from "./ApiClient.js"
import { type ClientFlags, clientOptions, show, withClient } from "./ClientCommand.js"
import { batched, type EventObject, eventsOf } from "./EventFile.js"
import { parseJson, textInput } from "./JsonInput.js"

const batchType = "application/cloudevents-batch+json"
const defaultSource = "/eventloom/cli"
/** What goes into one request; well below what a server takes by default. */
const batchLimits = { maxEvents: 500, maxCharacters: 512 * 1024 }

const Accepted = Schema.Struct({
  accepted: Schema.Array(
    Schema.Struct({
      source: Schema.String,
      id: Schema.String,
      sequence: Schema.String,
      duplicate: Schema.Boolean,
    }),
  ),
})
type Receipt = (typeof Accepted.Type)["accepted"][number]

const options = {
  namespace: Args.text({ name: "namespace" }),
  type: Options.text("type").pipe(
    Options.withDescription("The event's type, such as booking.reserved"),
    Options.optional,
  ),
  source: Options.text("source").pipe(
    Options.withDescription(`Where it comes from [default: ${defaultSource}]`),
    Options.optional,
  ),
  id: Options.text("id").pipe(
    Options.withDescription("Its identity within the source [default: a random one]"),
    Options.optional,
  ),
  subject: Options.text("subject").pipe(
    Options.withDescription("What it is about"),
    Options.optional,
  ),
  data: Options.text("data").pipe(
    Options.withDescription("Its data: JSON, @file or - for the standard input"),
    Options.optional,
  ),
  file: Options.text("file").pipe(
    Options.withDescription(
      "Publish the events of a file (or - for the standard input): NDJSON or a JSON array. " +
        "The options fill in what an event lacks",
    ),
    Options.optional,
  ),
  ...clientOptions,
}

interface Flags extends ClientFlags {
  readonly namespace: string
  readonly type: Option.Option<string>
  readonly source: Option.Option<string>
  readonly id: Option.Option<string>
  readonly subject: Option.Option<string>
  readonly data: Option.Option<string>
  readonly file: Option.Option<string>
}

export const publishCommand = Command.make("publish", options, (flags) =>
  withClient(flags, (api) =>
    Option.match(flags.file, {
      onNone: () => publishOne(api, flags),
      onSome: (file) => publishFile(api, flags, file),
    }),
  ),
).pipe(Command.withDescription("Publish events"))

const send = (api: ApiClientShape, namespace: string, events: ReadonlyArray<EventObject>) =>
  api
    .request("POST", ["v1", "namespaces", namespace, "events"], {
      body: events,
      contentType: batchType,
    })
    .pipe(Effect.flatMap(decodeAnswer(Accepted)))

/** The event with what it lacks: the attributes of the options, a source, an identity. */
const completed = (event: EventObject, flags: Flags): EventObject => ({
  specversion: "1.0",
  id: randomUUID(),
  source: Option.getOrElse(flags.source, () => defaultSource),
  ...Option.match(flags.type, { onNone: () => ({}), onSome: (type) => ({ type }) }),
  ...Option.match(flags.subject, { onNone: () => ({}), onSome: (subject) => ({ subject }) }),
  ...event,
})

const publishOne = (api: ApiClientShape, flags: Flags) =>
  Effect.gen(function* () {
    if (Option.isNone(flags.type)) {
      return yield* new UsageError({ reason: "Give the event's --type, or events with --file" })
    }
    const data = Option.isNone(flags.data)
      ? {}
      : { data: yield* Effect.flatMap(textInput(flags.data.value), asData) }
    const id = Option.match(flags.id, { onNone: () => ({}), onSome: (id) => ({ id }) })
    const event = completed({ ...id, ...data }, flags)
    const answer = yield* send(api, flags.namespace, [
      "data" in event ? { datacontenttype: "application/json", ...event } : event,
    ])
    return yield* show(flags, answer, (paint) =>
      Effect.succeed(
        table(
          [
            { title: "sequence", align: "right" },
            { title: "id" },
            { title: "source" },
            { title: "" },
          ],
          answer.accepted.map(({ sequence, id, source, duplicate }) => [
            paint.green(sequence),
            plain(id),
            plain(source),
            duplicate ? paint.yellow("duplicate: it was published before") : "",
          ]),
          paint,
        ),
      ),
    )
  })

const asData = (text: string) => parseJson(text, "--data")

const publishFile = (api: ApiClientShape, flags: Flags, file: string) =>
  Effect.gen(function* () {
    if (Option.isSome(flags.data) || Option.isSome(flags.id)) {
      return yield* new UsageError({ reason: "--data and --id are for one event, not for --file" })
    }
    const receipts: Array<Receipt> = []
    let [published, duplicates] = [0, 0]
    let [first, last] = ["", ""]
    const sendAll = Effect.scoped(
      Effect.gen(function* () {
        const bar = yield* progressBar({ label: "Publishing", unit: "events" })
        yield* eventsOf(file).pipe(
          batched(batchLimits),
          Stream.runForEach((batch) =>
            Effect.gen(function* () {
              const events = batch.map(({ event }) => completed(event, flags))
              const { accepted } = yield* send(api, flags.namespace, events)
              if (flags.json) receipts.push(...accepted)
              published += accepted.length
              duplicates += accepted.filter(({ duplicate }) => duplicate).length
              first ||= accepted[0]?.sequence ?? ""
              last = accepted.at(-1)?.sequence ?? last
              const fraction = batch.at(-1)?.fraction
              yield* bar.update({
                done: published,
                ...(fraction === undefined ? {} : { fraction }),
              })
            }),
          ),
          Effect.tapError(() =>
            published === 0
              ? Effect.void
              : bar.say(
                  `${count(published)} events were accepted before this. Events with an id of their own can be published again: they are recognised.`,
                ),
          ),
        )
      }),
    )
    const [took] = yield* Effect.timed(sendAll)
    return yield* show(flags, { accepted: receipts }, (paint) => {
      const places = published === 0 ? "" : `, sequences ${first} to ${last}`
      const again = duplicates === 0 ? "" : `, ${count(duplicates)} of them published before`
      return Effect.succeed([
        `${paint.green(count(published))} events accepted in ${millis(Duration.toMillis(took))}${places}${again}`,
      ])
    })
  })
