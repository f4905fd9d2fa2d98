// What a namespace or host type can be told on the command line: all of it as JSON, and the limits by
// flags of their own, which win.

import { Options } from "@effect/cli"
import { Effect, Option } from "effect"
import { given, type Item } from "./Fields.js"
import { objectInput } from "./JsonInput.js"

const optionalText = (name: string, description: string) =>
  Options.text(name).pipe(Options.withDescription(description), Options.optional)

const optionalCount = (name: string, description: string) =>
  Options.integer(name).pipe(Options.withDescription(description), Options.optional)

export const settingsOptions = {
  settings: optionalText(
    "settings",
    'Settings as JSON, @file or -: {"retry", "retentionAge", "maxEventBytes", "webhookUrl", ...}',
  ),
  publishRate: optionalText(
    "publish-rate",
    'Events that may be published, such as 100/s or "100/s burst 500"',
  ),
  publishByteRate: optionalText("publish-byte-rate", "Likewise in bytes, such as 10MiB/s"),
  maxJournalBytes: optionalText(
    "max-journal-bytes",
    "Bytes of events in the journal at which publishes are refused, such as 10GiB",
  ),
  maxConcurrentDeliveries: optionalCount(
    "max-concurrent-deliveries",
    "Deliveries in flight at once, over all sinks",
  ),
}

interface SettingsFlags {
  readonly settings: Option.Option<string>
  readonly publishRate: Option.Option<string>
  readonly publishByteRate: Option.Option<string>
  readonly maxJournalBytes: Option.Option<string>
  readonly maxConcurrentDeliveries: Option.Option<number>
}

/** The body of a request that sets them. */
export const settingsOf = (flags: SettingsFlags) =>
  Effect.map(
    Option.match(flags.settings, {
      onNone: () => Effect.succeed<Item>({}),
      onSome: (json) => objectInput(json, "--settings"),
    }),
    (settings): Item => ({
      ...settings,
      ...given("publishRate", flags.publishRate),
      ...given("publishByteRate", flags.publishByteRate),
      ...given("maxJournalBytes", flags.maxJournalBytes),
      ...given("maxConcurrentDeliveries", flags.maxConcurrentDeliveries),
    }),
  )
