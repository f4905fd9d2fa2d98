// As MeshModel.test.ts, from a mesh that has nothing; in a file of its own to run beside it.

import { describe, it } from "vitest"
import { liveMany, lives, patience } from "./Lives.js"

describe("Mesh, against a model", () => {
  it("keeps its promises from nothing", () => liveMany([], Math.ceil(lives / 2)), patience)
})
