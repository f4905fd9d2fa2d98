// The version of this package, as package.json states it.

import { createRequire } from "node:module"
import { Schema } from "effect"

const Package = Schema.Struct({ version: Schema.String })

export const { version } = Schema.decodeUnknownSync(Package)(
  createRequire(import.meta.url)("eventloom/package.json"),
)
