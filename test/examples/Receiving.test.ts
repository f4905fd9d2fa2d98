// The receivers of the documentation take what is really sent, once, and refuse what was tampered with.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Queue, Redacted, type Scope } from "effect"
import { delivery } from "../layers/transports/support/Deliveries.js"
import * as Webhooks from "../layers/transports/support/Webhooks.js"
import { reportMissing } from "../support/Missing.js"
import { root } from "./support/RunScript.js"

interface Program {
  readonly file: string
  readonly command: ReadonlyArray<string>
  /** What it needs and this machine may lack, and how to see. */
  readonly needs?: readonly [string, ReadonlyArray<string>]
}

const node = [process.execPath, "--import", "tsx"]

const programs: ReadonlyArray<Program> = [
  { file: "eventloom-verify.ts", command: node },
  { file: "standard-webhooks.ts", command: node },
  { file: "receiver.py", command: ["python3"], needs: ["python3", ["--version"]] },
  { file: "receiver.go", command: ["go", "run"], needs: ["go", ["version"]] },
]

const isMissing = ({ needs }: Program): boolean =>
  needs !== undefined && spawnSync(needs[0], needs[1]).status !== 0

/** Runs the program for as long as the scope is open; its lines, as it prints them. */
const running = (
  { command: [executable = "", ...before], file }: Program,
  secret: string,
): Effect.Effect<Effect.Effect<string>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const lines = yield* Queue.unbounded<string>()
    yield* Effect.acquireRelease(
      Effect.sync((): ChildProcess => {
        const child = spawn(executable, [...before, join(root, "examples/receiving", file)], {
          cwd: root,
          env: { ...process.env, PORT: "0", WEBHOOK_SECRET: secret },
          stdio: ["ignore", "pipe", "inherit"],
        })
        createInterface({ input: child.stdout }).on("line", (line) => lines.unsafeOffer(line))
        child.once("exit", (code) => lines.unsafeOffer(`ended with ${code}`))
        return child
      }),
      (child) => Effect.sync(() => child.kill("SIGKILL")),
    )
    return Queue.take(lines)
  })

describe("the receivers of the documentation", () => {
  for (const program of programs) {
    const title = `${program.file} takes an event once, and nothing that was not signed`
    if (isMissing(program)) {
      reportMissing(`${title}: ${program.needs?.[0]} is not on this machine`)
      continue
    }
    it.scopedLive(
      title,
      () =>
        Effect.gen(function* () {
          const line = yield* running(program, Redacted.value(Webhooks.secret))
          const port = Number(/^listening on (\d+)$/.exec(yield* line)?.[1])
          const url = `http://127.0.0.1:${port}/`
          const { deliver } = yield* Webhooks.connection({ url })
          expect(yield* deliver(delivery(1))).toMatchObject({ _tag: "Delivered", status: 204 })
          expect(yield* line).toBe("order.placed event-1")
          // The same delivery again, then another one: only that is printed.
          expect(yield* deliver(delivery(1))).toMatchObject({ _tag: "Delivered" })
          expect(yield* deliver(delivery(2))).toMatchObject({ _tag: "Delivered" })
          expect(yield* line).toBe("order.placed event-2")
          const { open } = yield* Webhooks.transport()
          const foreign = Redacted.make(`whsec_${Buffer.alloc(32, 9).toString("base64")}`)
          const forger = yield* open(Webhooks.config({ url }, { secret: foreign }))
          expect(yield* forger.deliver(delivery(3))).toMatchObject({
            _tag: "Misconfigured",
            reason: "HTTP 401 Unauthorized",
          })
          const unsigned = yield* open(Webhooks.config({ url }, {}))
          expect(yield* unsigned.deliver(delivery(4))).toMatchObject({ _tag: "Misconfigured" })
          expect(yield* deliver(delivery(5))).toMatchObject({ _tag: "Delivered" })
          expect(yield* line).toBe("order.placed event-5")
        }),
      60_000,
    )
  }
})
