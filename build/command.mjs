// Bundles the command `eventloom` into `dist/main.js` and the chunks that it loads. The library stays as
// the compiler leaves it.

import { chmodSync, rmSync } from "node:fs"
import { bundle, path } from "./bundle.mjs"

rmSync(path("dist/command"), { recursive: true, force: true })
rmSync(path("dist/main.js.map"), { force: true })
await bundle(["src/main.ts"], { outdir: path("dist"), chunkNames: "command/[name]-[hash]" })
chmodSync(path("dist/main.js"), 0o755)
