// The command line: all commands, and what becomes of their failures.
//
// Exit codes: 0 done, 1 it could not be done, 2 it was called wrongly, 130 interrupted.

import { CliConfig, Command, ValidationError } from "@effect/cli"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Cause, Console, Effect, Exit, Layer, Option } from "effect"
import { FailedVisibly, UsageError } from "./CliErrors.js"
import { actorsCommand } from "./client/ActorsCommand.js"
import { deadLettersCommand } from "./client/DeadLettersCommand.js"
import { auditCommand } from "./client/AuditCommand.js"
import { explainCommand } from "./client/ExplainCommand.js"
import { eventTypesCommand } from "./client/EventTypesCommand.js"
import { hostTypesCommand } from "./client/HostTypesCommand.js"
import { keysCommand, whoAmICommand } from "./client/KeysCommand.js"
import { namespacesCommand } from "./client/NamespacesCommand.js"
import { publishCommand } from "./client/PublishCommand.js"
import { signingKeysCommand } from "./client/SigningKeysCommand.js"
import { sinksCommand } from "./client/SinksCommand.js"
import { sourcesCommand } from "./client/SourcesCommand.js"
import { subscriptionsCommand } from "./client/SubscriptionsCommand.js"
import { tailCommand } from "./client/TailCommand.js"
import { demoCommand } from "./demo/DemoCommand.js"
import { plain, unpainted } from "./screen/Paint.js"
import { layer as screenLayer, Screen, type Surface } from "./screen/Screen.js"
import { serveCommand } from "./serve/ServeCommand.js"
import { version } from "./Version.js"
import { wal2HttpCommand } from "./wal2http/Wal2HttpCommand.js"

const eventloom = Command.make("eventloom").pipe(
  Command.withDescription("An event mesh for multi-tenant services"),
  Command.withSubcommands([
    serveCommand,
    wal2HttpCommand,
    demoCommand,
    publishCommand,
    tailCommand,
    explainCommand,
    namespacesCommand,
    hostTypesCommand,
    eventTypesCommand,
    sinksCommand,
    signingKeysCommand,
    subscriptionsCommand,
    sourcesCommand,
    deadLettersCommand,
    keysCommand,
    auditCommand,
    whoAmICommand,
    actorsCommand,
  ]),
)

const parseAndRun = Command.run(eventloom, { name: "Eventloom", version, executable: "eventloom" })

/** The command that the arguments (with runtime and script, as in `process.argv`) name. */
export const program = (argv: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const console = yield* Console.consoleWith(Effect.succeed)
    yield* parseAndRun(argv).pipe(
      Effect.tapErrorCause((cause) => report(cause, screen)),
      Console.withConsole(quietOf(console, screen)),
    )
  }).pipe(Effect.provide(layers))

const layers = Layer.merge(NodeContext.layer, CliConfig.layer({ showBuiltIns: false }))

/** The command, writing to the streams of this process. */
export const run = (argv: ReadonlyArray<string>) => Effect.provide(program(argv), screenLayer)

/** What the process answers to whoever started it. */
export const exitCodeOf = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return 0
  if (Cause.isInterruptedOnly(exit.cause)) return 130
  return Option.exists(Cause.failureOption(exit.cause), isUsage) ? 2 : 1
}

const isUsage = (error: unknown): boolean =>
  ValidationError.isValidationError(error) || error instanceof UsageError

/** One line for a failure; a defect is a bug, and shown whole. */
const report = (cause: Cause.Cause<unknown>, { err }: Screen["Type"]): Effect.Effect<void> => {
  const error = (text: string) => err.write(`${err.paint.red("error:")} ${text}\n`)
  if (Cause.isInterruptedOnly(cause)) return Effect.void
  const failure = Option.getOrUndefined(Cause.failureOption(cause))
  if (failure === undefined) {
    return error(`this is a bug in Eventloom\n${Cause.pretty(cause, { renderErrorCause: true })}`)
  }
  // The parser has said what is wrong.
  if (ValidationError.isValidationError(failure)) {
    return err.write(err.paint.dim("See `eventloom --help`, or --help after a command.\n"))
  }
  if (failure instanceof FailedVisibly) return Effect.void
  return error(plain(failure instanceof Error ? failure.message : JSON.stringify(failure)))
}

/** The parser writes in colours, wanted or not. */
const quietOf = (console: Console.Console, { out, err }: Screen["Type"]): Console.Console => {
  const to = (surface: Surface) => (text: unknown) => {
    const shown = String(text).trim()
    return surface.write(`${surface.paint.isColoured ? shown : unpainted(shown)}\n`)
  }
  return { ...console, log: to(out), error: to(err) }
}
