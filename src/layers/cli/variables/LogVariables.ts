// How logs are written: `EVENTLOOM_LOG_LEVEL` and `EVENTLOOM_LOG_FORMAT`.

import { Effect, LogLevel, Option, Schema } from "effect"
import { UsageError } from "../CliErrors.js"
import { named, variable } from "./Variables.js"

export const LogFormat = Schema.Literal("pretty", "json", "logfmt")
export type LogFormat = typeof LogFormat.Type

const levels = {
  all: LogLevel.All,
  trace: LogLevel.Trace,
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warn: LogLevel.Warning,
  warning: LogLevel.Warning,
  error: LogLevel.Error,
  fatal: LogLevel.Fatal,
  none: LogLevel.None,
  off: LogLevel.None,
} as const
const levelNames = ["trace", "debug", "info", "warning", "error", "fatal", "none"]
const isLevel = (name: string): name is keyof typeof levels => Object.hasOwn(levels, name)

export const logConfig = (onTerminal: boolean) =>
  Effect.gen(function* () {
    const name = yield* variable("EVENTLOOM_LOG_LEVEL", Schema.Lowercase)
    const level = Option.getOrElse(name, () => "info")
    if (!isLevel(level)) {
      return yield* new UsageError({
        reason: `EVENTLOOM_LOG_LEVEL: must be one of ${levelNames.join(", ")}`,
      })
    }
    const format = yield* variable(
      "EVENTLOOM_LOG_FORMAT",
      named(LogFormat, `must be one of ${LogFormat.literals.join(", ")}`),
    )
    return {
      level: levels[level],
      format: Option.getOrElse(format, (): LogFormat => (onTerminal ? "pretty" : "logfmt")),
    }
  })
