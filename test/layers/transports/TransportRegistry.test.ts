import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Transports } from "../../../src/actors/index.js"
import {
  HandlerSlots,
  HandlerTransport,
  TransportRegistry,
} from "../../../src/layers/transports/index.js"

const handler = TransportRegistry.entry(HandlerTransport.make)

describe("the registry of transports", () => {
  it.effect("has each under its kind", () =>
    Effect.gen(function* () {
      const transports = yield* Transports
      expect([...transports.keys()]).toEqual(["handler"])
      expect(transports.get("handler")?.kind).toBe("handler")
    }).pipe(Effect.provide(TransportRegistry.layer([handler])), Effect.provide(HandlerSlots.layer)),
  )

  it.effect("takes no two of a kind", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.provide(Transports, TransportRegistry.layer([handler, handler])),
      )
      expect(error).toMatchObject({ _tag: "DuplicateTransport", kind: "handler" })
    }).pipe(Effect.provide(HandlerSlots.layer)),
  )
})
