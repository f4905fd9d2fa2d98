// The command line as a process of its own, as a user or a service manager runs it.

import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Data, Deferred, Effect } from "effect"

const main = fileURLToPath(new URL("../../../../dist/main.js", import.meta.url))

export class EndedEarly extends Data.TaggedError("EndedEarly")<{
  readonly code: number | null
  readonly err: string
}> {}

export interface CliProcess {
  readonly pid: number | undefined
  /** The first whole line of its standard output. */
  readonly firstLine: Effect.Effect<string, EndedEarly>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  readonly ended: Effect.Effect<{
    readonly code: number | null
    readonly signal: NodeJS.Signals | null
  }>
  readonly out: () => string
  readonly err: () => string
}

/** Starts `eventloom ...args`; the scope kills it, if it still runs. */
export const startCli = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const firstLine = yield* Deferred.make<string, EndedEarly>()
    const ended = yield* Deferred.make<{ code: number | null; signal: NodeJS.Signals | null }>()
    let [out, err] = ["", ""]
    const child: ChildProcess = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [main, ...args], {
          env: { PATH: process.env["PATH"], ...env },
          stdio: ["ignore", "pipe", "pipe"],
        }),
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL")),
    )
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      out += text
      if (out.includes("\n")) {
        Deferred.unsafeDone(firstLine, Effect.succeed(out.slice(0, out.indexOf("\n"))))
      }
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      err += text
    })
    child.once("close", (code, signal) => {
      Deferred.unsafeDone(firstLine, Effect.fail(new EndedEarly({ code, err })))
      Deferred.unsafeDone(ended, Effect.succeed({ code, signal }))
    })
    const started: CliProcess = {
      pid: child.pid,
      firstLine: Deferred.await(firstLine),
      signal: (signal) => Effect.sync(() => child.kill(signal)),
      ended: Deferred.await(ended),
      out: () => out,
      err: () => err,
    }
    return started
  })
