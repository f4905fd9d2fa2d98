// Tests that play in simulated time on a mesh of their own, with one namespace.

import { Effect } from "effect"
import { it } from "vitest"
import { TestMesh } from "./TestMesh.js"
import { TestNamespace } from "./TestNamespace.js"

export type Play = (t: TestMesh, ns: TestNamespace) => Effect.Effect<unknown, unknown>

/** Registers a test that plays in a new namespace, after what `prepare` does with it. */
export const scenario = (name: string, play: Play, prepare: Play = () => Effect.void): void =>
  it(name, () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        yield* prepare(t, ns)
        yield* play(t, ns)
      }),
    ),
  )
