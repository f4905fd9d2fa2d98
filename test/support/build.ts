// Before the suite: processes of tests run what was built, as a user does. Builds where that is missing or
// older than the sources, as in a run of single files; `npm test` builds always.

import { execFileSync } from "node:child_process"
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "../..")

const lastChange = (folder: string): number =>
  Math.max(
    ...readdirSync(folder, { recursive: true, encoding: "utf8" }).map(
      (name) => statSync(join(folder, name)).mtimeMs,
    ),
  )

const builtAt = (): number =>
  statSync(join(root, "dist/main.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0

export const setup = (): void => {
  if (lastChange(join(root, "src")) >= builtAt()) {
    execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" })
  }
  execFileSync(process.execPath, ["build/testProcesses.mjs"], { cwd: root, stdio: "inherit" })
}
