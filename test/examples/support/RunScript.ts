// Runs a script as its reader would: a process of its own, the package imported by its name.

import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

export const root = fileURLToPath(new URL("../../../", import.meta.url))

const run = promisify(execFile)

/** Runs node and answers its standard output. Rejects when it fails or takes 2 minutes. */
export const runNode = async (
  options: ReadonlyArray<string>,
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const { stdout } = await run(process.execPath, options, {
    cwd,
    timeout: 120_000,
    env: { ...process.env, ...environment },
  })
  return stdout
}
