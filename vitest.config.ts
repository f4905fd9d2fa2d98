import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "dist/**"],
    pool: "forks",
    // Files of a process share what they import, which takes longer to load than most of them to run.
    poolOptions: { forks: { maxForks: 2, minForks: 1, isolate: false } },
    testTimeout: 20_000,
    hookTimeout: 60_000,
    globalSetup: "test/support/build.ts",
    reporters: ["default"],
  },
})
