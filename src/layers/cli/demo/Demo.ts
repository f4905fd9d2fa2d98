// Runs the demo over an embedded store in a folder that is removed at the end, and shows it.

import * as FileSystem from "@effect/platform/FileSystem"
import { Clock, Duration, Effect, Layer, Logger, LogLevel } from "effect"
import * as SingleProcess from "../../SingleProcess.js"
import * as EmbeddedStore from "../../stores/sql/EmbeddedStore.js"
import { AesVault } from "../../vault/index.js"
import { CommandFailed, FailedVisibly } from "../CliErrors.js"
import { removalText } from "../client/RemovalText.js"
import { actorTreeText } from "../screen/ActorTreeText.js"
import { progressBar } from "../screen/ProgressBar.js"
import { print, printJson, Screen } from "../screen/Screen.js"
import { count, millis } from "../screen/Table.js"
import { summaryText } from "./DemoText.js"
import { type Narrator, tellStory } from "./Story.js"

/** Probes come soon, for a demo is short. */
const config = {
  breaker: {
    failures: 5,
    probeInitial: Duration.millis(200),
    probeMax: Duration.seconds(1),
  },
  drainDeadline: Duration.seconds(5),
}

const meshIn = (dataDir: string) =>
  SingleProcess.layer({
    store: EmbeddedStore.layer({ dataDir }),
    vault: AesVault.layerTest,
    allowPrivateTargets: true,
    config,
  })

export const demo = (options: { readonly events: number; readonly json: boolean }) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { err } = yield* Screen
    const { paint } = err
    const startedAt = yield* Clock.currentTimeMillis
    const bar = yield* progressBar({ label: "  Publishing", unit: "events" })

    const tell = (text: string) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        bar.say(`${paint.dim(millis(now - startedAt).padStart(8))}  ${text}`),
      )
    const block = (lines: ReadonlyArray<string>) =>
      bar.say("", ...lines.map((line) => `          ${line}`), "")
    const narrator: Narrator = {
      tell,
      progress: (offered) => bar.update({ done: offered, fraction: offered / options.events }),
      tree: (root) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => block(actorTreeText(root, now, paint))),
      removal: (report) =>
        Effect.zipRight(
          tell(`${report.namespace}: removed; this is the account of it`),
          block(removalText(report, paint)),
        ),
    }

    const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "eventloom-demo-" })
    yield* bar.say(
      `${paint.bold("Eventloom demo")}: ${count(options.events)} events, 3 domains, one outage, one removal`,
      "",
    )
    yield* tell(`an embedded store is made in ${dataDir}`)
    const mesh = yield* Layer.build(meshIn(dataDir))
    return yield* Effect.provide(tellStory(options.events, narrator), mesh)
  }).pipe(
    Effect.scoped,
    Effect.mapError(({ message }) => new CommandFailed({ reason: message })),
    // The mesh's own log would tell the story a second time.
    Effect.provide(Logger.minimumLogLevel(LogLevel.None)),
    Effect.tap((report) =>
      options.json
        ? printJson(report)
        : Effect.flatMap(Screen, ({ out }) => print(...summaryText(report, out.paint))),
    ),
    Effect.filterOrFail(
      ({ ok }) => ok,
      () => new FailedVisibly(),
    ),
  )
