// Who changed what: no change without its entry, none for what was refused, bounded, and gone with its
// namespace but for the record of the removal.

import { Duration, Effect, Option, Redacted } from "effect"
import { describe, expect, it } from "vitest"
import { changingAs, CurrentOrigin } from "../../../src/actors/index.js"
import {
  type AuditEntry,
  HostTypeName,
  KeyId,
  NamespaceName,
  SinkName,
} from "../../../src/domain/index.js"
import { Fault } from "../../support/StoreFaults.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const all = { limit: 1000 }

const logOf = (t: TestMesh, namespace?: NamespaceName) =>
  t.simulation.finish(
    namespace === undefined
      ? t.mesh.audit.ofOperator(all)
      : t.mesh.audit.ofNamespace(namespace, all),
  )

const actions = (entries: ReadonlyArray<AuditEntry>) =>
  entries.map(({ action, resource }) => `${action} ${resource.name}`)

describe("the audit log", () => {
  it("has who did what, in order, and no value", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        yield* changingAs("billing")(ns.subscribe("p", { types: [] }))
        const entries = yield* logOf(t, ns.name)
        expect(actions(entries)).toEqual([
          "namespace.put a.example",
          "sink.put s",
          "subscription.put p",
        ])
        expect(entries.map(({ by }) => by)).toEqual([
          { kind: "process" },
          { kind: "process" },
          { kind: "process", name: "billing" },
        ])
        expect(entries[2]?.fields).toEqual(["sink", "types"])
        expect([...entries].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(entries)
        expect(actions(yield* logOf(t))).toEqual(["namespace.put a.example"])
      }),
    ))

  it("has no entry for what was refused, and none without its change", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        const before = yield* logOf(t, ns.name)
        yield* Effect.flip(ns.sink("x", { kind: "no such" }))
        yield* Effect.flip(ns.subscribe("q", {}, "none"))
        const remove = t.mesh.sinks.remove(ns.name, SinkName.make("none"))
        yield* Effect.flip(t.simulation.finish(remove))
        const unknown = NamespaceName.make("never.example")
        yield* Effect.flip(t.simulation.finish(t.mesh.namespaces.setStatus(unknown, "enabled")))
        expect(yield* logOf(t, ns.name)).toEqual(before)
        expect(actions(yield* logOf(t))).toEqual(["namespace.put a.example"])

        // Nothing is changed that cannot be recorded.
        yield* t.faults.always("AuditLog.record", Fault.FailBefore())
        expect((yield* Effect.flip(ns.sink("y")))._tag).toBe("StoreUnavailable")
        yield* t.faults.heal
        const sinks = yield* t.simulation.finish(t.mesh.sinks.list(ns.name))
        expect(sinks.map(({ name }) => name)).toEqual(["s"])

        // What may have been done stays.
        yield* t.faults.next("Registry.putSink", Fault.FailAfter())
        yield* Effect.flip(ns.sink("z"))
        expect(actions(yield* logOf(t, ns.name)).at(-1)).toBe("sink.put z")
      }),
    ))

  it("goes with its namespace, and the operator's has the removal", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        yield* t.simulation.finish(t.mesh.hostTypes.put(HostTypeName.make("gold"), {}))
        const removal = t.mesh.namespaces.remove(ns.name, { wait: "1 minute" })
        const { steps } = yield* t.simulation.finish(removal)
        expect(steps.find(({ step }) => step === "purge-audit")?.rows).toBe(2)
        expect(t.state.holdings.has(ns.name)).toBe(false)
        expect(actions(yield* logOf(t))).toEqual([
          "namespace.put a.example",
          "host-type.put gold",
          "namespace.remove a.example",
          "namespace.removed a.example",
        ])
        const rows = steps.reduce((sum, step) => sum + step.rows, 0)
        expect(rows).toBeGreaterThan(0)
        expect((yield* logOf(t)).at(-1)).toMatchObject({
          by: { kind: "process" },
          counts: { rows, completed: 0, abandoned: 0 },
        })
        yield* ns.create
        expect(actions(yield* logOf(t, ns.name))).toEqual(["namespace.put a.example", "sink.put s"])
      }),
    ))

  it("has the end of a removal once, however often the store fails it", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        // The first is of the asking.
        const [pass, before, after] = [Fault.Pass(), Fault.FailBefore(), Fault.FailAfter()]
        yield* t.faults.next("AuditLog.record", pass, after, before)
        yield* t.faults.next("Removals.release", before, after)
        yield* t.simulation.finish(t.mesh.namespaces.remove(ns.name))
        yield* t.simulation.advance("1 minute")
        expect(t.state.namespaces.has(ns.name)).toBe(false)
        const ends = (yield* logOf(t)).filter(({ action }) => action === "namespace.removed")
        expect(ends).toMatchObject([{ resource: { kind: "namespace", name: ns.name } }])
      }),
    ))

  it("keeps its newest entries, and none that is too old", () =>
    TestMesh.run(
      (t) =>
        Effect.gen(function* () {
          const ns = new TestNamespace(t)
          yield* ns.create
          for (let round = 0; round < 5; round++) yield* ns.sink(`s${round}`)
          yield* t.simulation.advance("2 minutes")
          expect(actions(yield* logOf(t, ns.name))).toEqual([
            "sink.put s2",
            "sink.put s3",
            "sink.put s4",
          ])
          yield* t.simulation.advance("2 days")
          yield* ns.sink("late")
          yield* t.simulation.advance("2 minutes")
          expect(actions(yield* logOf(t, ns.name))).toEqual(["sink.put late"])
        }),
      { auditEntries: 3, auditAge: Duration.days(1) },
    ))
})

describe("keys", () => {
  it("are good until they are revoked, over a restart too, and go with their namespace", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        const make = () =>
          t.simulation.finish(t.mesh.keys.create(ns.name, { name: "shop", scopes: ["publish"] }))
        const bearer = (token: Redacted.Redacted) =>
          Effect.map(
            t.simulation.finish(t.mesh.keys.authenticate(Redacted.value(token))),
            Option.map(({ id }) => id),
          )
        const [kept, revoked] = [yield* make(), yield* make()]
        expect(yield* bearer(kept.token)).toEqual(Option.some(kept.key.id))
        expect(yield* bearer(revoked.token)).toEqual(Option.some(revoked.key.id))
        yield* t.simulation.finish(t.mesh.keys.revoke(ns.name, revoked.key.id))
        expect(yield* bearer(revoked.token)).toEqual(Option.none())
        const again = t.mesh.keys.revoke(ns.name, revoked.key.id)
        expect((yield* Effect.flip(t.simulation.finish(again)))._tag).toBe("KeyNotFound")
        yield* t.restart
        expect(yield* bearer(kept.token)).toEqual(Option.some(kept.key.id))
        const [entry] = yield* t.simulation.finish(t.mesh.keys.list(ns.name, all))
        expect(entry).toMatchObject({
          id: kept.key.id,
          name: "shop",
          lastUsedAt: expect.any(Number),
        })
        expect(JSON.stringify([...t.state.holdings])).not.toContain(Redacted.value(kept.token))

        yield* t.simulation.finish(t.mesh.namespaces.remove(ns.name, { wait: "1 minute" }))
        yield* ns.create
        expect(yield* bearer(kept.token)).toEqual(Option.none())
      }),
    ))

  it("give no more than their maker has, and for no longer", () =>
    TestMesh.run(
      (t) =>
        Effect.gen(function* () {
          const ns = new TestNamespace(t)
          yield* ns.create
          const expiresAt = t.simulation.now + 60_000
          const maker = {
            namespace: ns.name,
            id: KeyId.make("A".repeat(16)),
            scopes: ["read" as const],
            createdAt: 1,
            expiresAt,
          }
          const make = (input: Parameters<typeof t.mesh.keys.create>[1]) =>
            t.simulation
              .finish(t.mesh.keys.create(ns.name, input))
              .pipe(Effect.provideService(CurrentOrigin, { caller: { kind: "key", key: maker } }))
          const refused = [
            { scopes: ["manage" as const] },
            { scopes: ["read" as const, "publish" as const] },
            { scopes: ["read" as const], expiresAt: expiresAt + 1 },
            { scopes: ["read" as const], expiresAt: t.simulation.now },
          ]
          for (const input of refused) {
            expect(yield* Effect.flip(make(input))).toMatchObject({ _tag: "InvalidSetting" })
          }
          const { key } = yield* make({ scopes: ["read"] })
          expect(key.expiresAt).toBe(expiresAt)
          const [, , entry] = yield* logOf(t, ns.name)
          expect(entry).toMatchObject({
            action: "key.create",
            by: { kind: "key", id: maker.id },
            resource: { kind: "key", name: key.id },
          })
          expect(yield* Effect.flip(make({ scopes: ["read"] }))).toMatchObject({
            _tag: "QuotaReached",
            quota: "maxKeys",
          })
        }),
      { maxKeysPerNamespace: 1 },
    ))
})
