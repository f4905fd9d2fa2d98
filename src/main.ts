#!/usr/bin/env node
// The command line. SIGINT and SIGTERM interrupt the command, which may then end in good order; another
// one ends the process at once. A key press can bring the same signal twice (from the terminal, and
// handed on by npm), so one that comes right after the first is taken for the same.

import { constants } from "node:os"
import { performance } from "node:perf_hooks"
import process from "node:process"
import { setFlagsFromString } from "node:v8"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { exitCodeOf, run } from "./layers/cli/Cli.js"

// What starting makes lives on, and V8 would conclude that whatever the same code makes later does, too:
// effects, which live for a moment, in memory that is rarely collected (decision 0020).
setFlagsFromString("--no-allocation-site-pretenuring")

const SAME_SIGNAL_MILLIS = 500
let signalledAt: number | undefined

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    const now = performance.now()
    signalledAt ??= now
    if (now - signalledAt > SAME_SIGNAL_MILLIS) process.exit(128 + constants.signals[signal])
  })
}

NodeRuntime.runMain(run(process.argv), {
  disableErrorReporting: true,
  disablePrettyLogger: true,
  teardown: (exit, onExit) => {
    const code = Number(process.exitCode ?? exitCodeOf(exit))
    process.exitCode = code
    onExit(code)
  },
})
