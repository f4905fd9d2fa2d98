// What the commands for a running server have in common: where it is, who asks, and how to answer.

import { Options } from "@effect/cli"
import { Effect, type Option, type Redacted, Config } from "effect"
import { print, printJson, Screen } from "../screen/Screen.js"
import type { Paint } from "../screen/Paint.js"
import * as ApiClient from "./ApiClient.js"

const set = (name: string) => Config.nonEmptyString(name)

/** The options of every command for a running server. */
export const clientOptions = {
  url: Options.text("url").pipe(
    Options.withDescription("The server's base URL [EVENTLOOM_URL]"),
    Options.withFallbackConfig(set("EVENTLOOM_URL")),
    Options.withDefault("http://127.0.0.1:8787"),
  ),
  token: Options.redacted("token").pipe(
    Options.withDescription(
      "The operator's token or a namespace key [EVENTLOOM_TOKEN, EVENTLOOM_ADMIN_TOKEN]",
    ),
    Options.withFallbackConfig(
      Config.orElse(Config.redacted(set("EVENTLOOM_TOKEN")), () =>
        Config.redacted(set("EVENTLOOM_ADMIN_TOKEN")),
      ),
    ),
    Options.optional,
  ),
  json: Options.boolean("json").pipe(Options.withDescription("Print JSON for machines")),
}

export interface ClientFlags {
  readonly url: string
  readonly token: Option.Option<Redacted.Redacted>
  readonly json: boolean
}

/** Runs a command with a client made from its options. */
export const withClient = <A, E, R>(
  { url, token }: ClientFlags,
  body: (api: ApiClient.ApiClientShape) => Effect.Effect<A, E, R>,
) => Effect.provide(Effect.flatMap(ApiClient.ApiClient, body), ApiClient.layer({ url, token }))

/** Prints an answer: as it came with `--json`, else as lines for a reader. */
export const show = <E, R>(
  { json }: ClientFlags,
  answer: unknown,
  lines: (paint: Paint) => Effect.Effect<ReadonlyArray<string>, E, R>,
) =>
  json
    ? printJson(answer ?? null)
    : Effect.flatMap(Screen, ({ out }) =>
        Effect.flatMap(lines(out.paint), (shown) => print(...shown)),
      )
