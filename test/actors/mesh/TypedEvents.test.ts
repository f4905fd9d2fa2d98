// Events whose data TypeScript knows, and the catalogue behind them.

import { Effect, Either, Schema } from "effect"
import { describe, expect, it } from "vitest"
import {
  DefinableEventType as EventType,
  HostTypeName,
  hostTypeCatalogue,
  namespaceCatalogue,
} from "../../../src/domain/index.js"
import { cloudEvent } from "../../laws/LawEvents.js"
import { scenario } from "../../support/Scenario.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const Booked = EventType.define(
  "room.booked",
  Schema.Struct({ nights: Schema.Int, from: Schema.Date }),
  { description: "A room", example: { nights: 1, from: new Date(0) } },
)
const from = new Date(86_400_000)

describe("A defined event type", () => {
  it("encodes and decodes data, and has a name that is one", () => {
    const made = Booked.event({ id: "1", source: "/s", data: { nights: 2, from }, subject: "7" })
    const event = Either.getOrThrow(made)
    expect(event).toEqual({
      specversion: "1.0",
      id: "1",
      source: "/s",
      type: "room.booked",
      subject: "7",
      data: { nights: 2, from: from.toISOString() },
    })
    expect(Either.getOrThrow(Booked.decode(event))).toEqual({ nights: 2, from })
    expect(Either.isLeft(Booked.event({ id: "", source: "/s", data: { nights: 2, from } }))).toBe(
      true,
    )
    for (const name of ["", "a b", "a.*"]) {
      expect(() => EventType.define(name, Schema.String)).toThrow()
    }
  })

  scenario("is registered, published and handled by its definition", (t, ns) =>
    Effect.gen(function* () {
      const { eventTypes } = t.mesh
      const owner = namespaceCatalogue(ns.name)
      const put = yield* t.simulation.finish(eventTypes.register(owner, Booked))
      expect(put.value).toMatchObject({
        type: "room.booked",
        description: "A room",
        example: { nights: 1, from: "1970-01-01T00:00:00.000Z" },
        schema: { type: "object", required: ["nights", "from"] },
      })
      const seen: Array<unknown> = []
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* t.simulation.finish(
            eventTypes.handle(ns.name, "h", Booked, { ordering: "strict" }, (data, { id }) => {
              seen.push([id, data])
            }),
          )
          yield* ns.publish(["other"], { type: "room.freed" })
          const receipt = yield* t.simulation.finish(
            eventTypes.publish(ns.name, Booked, {
              id: "b",
              source: "/s",
              data: { nights: 2, from },
            }),
          )
          expect(receipt).toMatchObject({ id: "b", sequence: 2 })
          // Nothing is enforced here: another publisher may be wrong.
          yield* ns.publish(["wrong"], { type: "room.booked" })
          yield* t.simulation.advance("1 second")
        }),
      )
      expect(seen).toEqual([["b", { nights: 2, from }]])
      expect(ns.dead).toEqual([[3, "Rejected"]])
    }),
  )
})

describe("A catalogue that is enforced", () => {
  const settings = { overrides: { schemaEnforcement: "reject" as const } }

  scenario(
    "holds from the next publish on, after a restart too, and ends with the namespace",
    (t, ns) =>
      Effect.gen(function* () {
        const owner = namespaceCatalogue(ns.name)
        const booked = (id: string) => ns.publish([id], { type: "room.booked" })
        yield* booked("a")
        yield* t.simulation.finish(t.mesh.namespaces.put(ns.name, settings))
        yield* booked("b")
        yield* t.simulation.finish(t.mesh.eventTypes.register(owner, Booked))
        const refused = yield* Effect.flip(booked("c"))
        expect(refused).toMatchObject({ _tag: "SchemaMismatch", field: "data", index: 0 })
        yield* t.restart
        expect(yield* Effect.flip(booked("d"))).toMatchObject({ _tag: "SchemaMismatch" })
        yield* t.simulation.finish(t.mesh.namespaces.remove(ns.name, { wait: "1 minute" }))
        yield* ns.create
        yield* t.simulation.finish(t.mesh.namespaces.put(ns.name, settings))
        yield* booked("e")
        expect(yield* t.simulation.finish(t.mesh.eventTypes.list(owner))).toEqual([])
      }),
  )

  scenario("of a host type reaches all that inherit it, and goes with it", (t, ns) =>
    Effect.gen(function* () {
      const { eventTypes, hostTypes, namespaces } = t.mesh
      const gold = HostTypeName.make("gold")
      const owner = hostTypeCatalogue(gold)
      const wrong = [cloudEvent({ id: "w", source: "/s", type: "room.booked", data: 1 })]
      const other = new TestNamespace(t, "b.example")
      yield* t.simulation.finish(hostTypes.put(gold, settings.overrides))
      for (const one of [ns, other]) {
        yield* t.simulation.finish(namespaces.put(one.name, { hostType: gold }))
        yield* t.simulation.finish(t.mesh.publish(one.name, wrong))
      }
      yield* t.simulation.finish(eventTypes.register(owner, Booked))
      for (const one of [ns, other]) {
        const refused = Effect.flip(t.simulation.finish(t.mesh.publish(one.name, wrong)))
        expect(yield* refused).toMatchObject({ _tag: "SchemaMismatch" })
        yield* t.simulation.finish(namespaces.put(one.name, {}))
      }
      yield* t.simulation.finish(hostTypes.remove(gold))
      yield* t.simulation.finish(hostTypes.put(gold, settings.overrides))
      yield* t.simulation.finish(namespaces.put(ns.name, { hostType: gold }))
      yield* t.simulation.finish(t.mesh.publish(ns.name, wrong))
    }),
  )
})
