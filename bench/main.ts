/**
 * `npm run bench [name …]`: runs the benchmarks, all or those named, one after the other. Each prints
 * its tables. What they compare with is installed by `npm ci --prefix bench`.
 */
import process from "node:process"

const benches: Readonly<Record<string, () => Promise<{ readonly run: () => Promise<void> }>>> = {
  routing: () => import("./routing.js"),
  filters: () => import("./filters.js"),
  publish: () => import("./publish.js"),
  ephemeral: () => import("./ephemeral.js"),
  webhook: () => import("./webhook.js"),
  delivery: () => import("./delivery.js"),
  http: () => import("./http.js"),
  capture: () => import("./capture.js"),
  journalling: () => import("./journalling.js"),
  audit: () => import("./audit.js"),
  explain: () => import("./explain.js"),
  tenants: () => import("./tenants.js"),
  quota: () => import("./quota.js"),
}

const named = process.argv.slice(2)
const unknown = named.filter((name) => !(name in benches))
if (unknown.length > 0) {
  console.error(
    `No such benchmark: ${unknown.join(", ")}. There are: ${Object.keys(benches).join(", ")}`,
  )
  process.exitCode = 2
} else {
  for (const [name, load] of Object.entries(benches)) {
    if (named.length > 0 && !named.includes(name)) continue
    console.log(`\n# ${name}`)
    const { run } = await load()
    await run()
  }
}
