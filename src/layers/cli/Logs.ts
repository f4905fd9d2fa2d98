// Logs of a long-running command: structured, to the standard error, so that the standard output stays for results.

import { Layer, Logger, type LogLevel } from "effect"
import type { LogFormat } from "./variables/LogVariables.js"

/** Replaces the default logger. */
export const layer = (options: {
  readonly level: LogLevel.LogLevel
  readonly format: LogFormat
  readonly colours: boolean
}) =>
  Layer.merge(
    Logger.replace(Logger.defaultLogger, loggerOf(options.format, options.colours)),
    Logger.minimumLogLevel(options.level),
  )

const loggerOf = (format: LogFormat, colours: boolean) => {
  switch (format) {
    case "pretty":
      return Logger.prettyLogger({ stderr: true, colors: colours, mode: "tty" })
    case "json":
      return Logger.withConsoleError(Logger.jsonLogger)
    case "logfmt":
      return Logger.withConsoleError(Logger.logfmtLogger)
  }
}
