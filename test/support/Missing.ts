// What a test needs and this machine lacks.

import { it } from "@effect/vitest"

/** A skip with its reason; under `CI=true` a failure. */
export const reportMissing = (title: string): void => {
  const register = process.env["CI"] === "true" ? it : it.skip
  register(title, () => {
    throw new Error(title)
  })
}
