#!/usr/bin/env node
// The command line. SIGINT and SIGTERM interrupt the command, which may then end in good order; a
// second one ends the process at once.

import process from "node:process"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { exitCodeOf, run } from "./layers/cli/Cli.js"

NodeRuntime.runMain(run(process.argv), {
  disableErrorReporting: true,
  disablePrettyLogger: true,
  teardown: (exit, onExit) => {
    const code = Number(process.exitCode ?? exitCodeOf(exit))
    process.exitCode = code
    onExit(code)
  },
})
