// Many lives of a mesh, each a sequence of commands played against the model.

import * as fc from "fast-check"
import { TestMesh } from "../support/TestMesh.js"
import { type MeshCommand, meshCommands } from "./MeshCommand.js"
import { MeshPlay } from "./MeshPlay.js"

/** How many lives are played, over all files. */
export const lives = Number(process.env["EVENTLOOM_MODEL_RUNS"] ?? 2000)

/**
 * Where the lives are drawn from. The suite plays the same ones each time, so that what it says of a
 * change does not depend on chance; the soak draws new ones (EVENTLOOM_MODEL_SEED plays one again).
 */
const chosen = process.env["EVENTLOOM_MODEL_SEED"]
const isSoak = process.env["EVENTLOOM_MODEL_RUNS"] !== undefined
const drawnFrom =
  chosen !== undefined ? { seed: Number(chosen) } : isSoak ? {} : { seed: 20_261_121 }

/** A life; `seed` decides what is left to chance, such as the jitter of retries. */
export const live = (commands: ReadonlyArray<MeshCommand>, seed = 1): Promise<void> =>
  TestMesh.run((mesh, simulation) => new MeshPlay(mesh, simulation).play(commands), {}, seed)

/** Plays `count` lives that begin with the same commands. */
export const liveMany = (beginning: ReadonlyArray<MeshCommand>, count: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(meshCommands(30), fc.nat(1000), (commands, seed) =>
      live([...beginning, ...commands], seed),
    ),
    { numRuns: count, ...drawnFrom },
  )

/** Enough for a slow machine. */
export const patience = Math.max(180_000, lives * 200)
