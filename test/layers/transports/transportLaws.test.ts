// The laws of every transport that a deployment has. One without a harness fails here.

import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Transports } from "../../../src/actors/index.js"
import { StandardTransports } from "../../../src/layers/index.js"
import { HandlerSlots, StdoutTransport } from "../../../src/layers/transports/index.js"
import { transportLaws } from "../../laws/transportLaws.js"
import { harnesses } from "./support/TransportHarnesses.js"
import * as Webhooks from "./support/Webhooks.js"

for (const harness of harnesses) transportLaws(harness)

describe("the standard transports", () => {
  it.effect("are all held to the laws", () =>
    Effect.gen(function* () {
      const kinds = [...(yield* Transports).keys()].sort()
      expect(kinds).toEqual([...new Set(harnesses.map(({ kind }) => kind))].sort())
    }).pipe(
      Effect.provide(StandardTransports.layer()),
      Effect.provide([HandlerSlots.layer, StdoutTransport.layerStdout, Webhooks.services]),
    ),
  )
})
