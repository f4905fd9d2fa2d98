// Bundles the processes that tests start and kill, over the package as it was built, and compiles the
// examples.

import { rmSync } from "node:fs"
import { bundle, path } from "./bundle.mjs"

rmSync(path(".test"), { recursive: true, force: true })
await bundle(
  [
    "test/support/process/MeshProcess.ts",
    "test/crash/SourceVictim.ts",
    "test/layers/stores/holdFolder.ts",
  ],
  { outdir: path(".test"), outbase: path("test"), chunkNames: "chunks/[name]-[hash]" },
)
await bundle(
  ["custom-transport", "effect", "event-types", "postgres-changes", "promise", "ten-lines"].map(
    (name) => `examples/${name}.ts`,
  ),
  { outdir: path(".test/examples"), packages: "external", splitting: false },
)
