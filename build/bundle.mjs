// How a process of this package is bundled: one that has to find its 1,500 modules spends most of its
// start on that.

import { fileURLToPath } from "node:url"
import { build } from "esbuild"

/** The path of a file or folder of the repository. */
export const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url))

export const bundle = (entryPoints, options) =>
  build({
    entryPoints: entryPoints.map(path),
    bundle: true,
    splitting: true,
    platform: "node",
    target: "node20.19",
    format: "esm",
    // What loads files that lie beside it, and what shares its classes with that.
    external: ["@electric-sql/pglite", "pg"],
    // For the packages among those bundled that are CommonJS.
    banner: {
      js: 'import { createRequire as bundledRequire } from "node:module"\nconst require = bundledRequire(import.meta.url)',
    },
    legalComments: "eof",
    logLevel: "warning",
    ...options,
  })
