// Compiles the benchmarks with all they measure into `.bench`: a runner that transpiles on the way in
// wraps functions to keep their names, and that shows in what is measured.

import { execFileSync } from "node:child_process"
import { copyFileSync, rmSync, symlinkSync } from "node:fs"
import { fileURLToPath } from "node:url"

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))

rmSync(path("../.bench"), { recursive: true, force: true })
execFileSync(process.execPath, [path("../node_modules/typescript/bin/tsc"), "-p", path(".")], {
  stdio: "inherit",
})
// What only the benchmarks need stays where it was installed.
symlinkSync(path("node_modules"), path("../.bench/bench/node_modules"))
copyFileSync(path("../package.json"), path("../.bench/package.json"))
