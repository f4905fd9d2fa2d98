// Laws of every registry: what is put comes back whole, lists are in order of code units, what is
// sticky stays.

import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import { Registry, Removals } from "../../src/actors/index.js"
import { beginRemoval, HostTypeName, RemovalId } from "../../src/domain/index.js"
import * as Records from "./LawRecords.js"
import { resourceLaws } from "./resourceLaws.js"
import {
  freshNamespace,
  freshNamespaces,
  lawSuite,
  type LawIt,
  type LawRuns,
  type StoreHarness,
} from "./StoreHarness.js"

export const registryLaws = (name: string, harness: StoreHarness): void =>
  lawSuite(`${name}: registry`, harness, (it, runs) => {
    hostTypeLaws(it, runs)
    namespaceLaws(it, runs)
    resourceLaws(it, runs)
  })

/** Follows the pages of a list to its end. */
const allPages = <Name extends string, A extends { readonly name: Name }, E>(
  list: (after: Name) => Effect.Effect<ReadonlyArray<A>, E>,
  from: Name,
) =>
  Effect.gen(function* () {
    const all: Array<A> = []
    let page = yield* list(from)
    for (; page.length > 0; page = yield* list(all.at(-1)?.name ?? from)) all.push(...page)
    return all
  })

const hostTypeLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "host types come back whole, replaced, listed in order page by page, deleted once",
    { records: Records.named(Records.resourceName, fc.tuple(Records.hostType, Records.hostType)) },
    ({ records }) =>
      Effect.gen(function* () {
        const registry = yield* Registry
        const { before } = yield* freshNamespaces
        const prefix = HostTypeName.make(before)
        const versions = records.map(([suffix, pair]) =>
          pair.map((record) => ({ ...record, name: HostTypeName.make(`${prefix}${suffix}`) })),
        )
        for (const pair of versions)
          for (const version of pair) yield* registry.putHostType(version)
        const latest = Records.byName(versions.flatMap((pair) => pair.slice(-1)))
        for (const limit of [1, 3, 50]) {
          const listed = yield* allPages(
            (after) => registry.listHostTypes({ after, limit }),
            prefix,
          )
          expect(listed).toEqual(latest)
        }
        for (const hostType of latest) {
          expect(yield* registry.getHostType(hostType.name)).toEqual(Option.some(hostType))
          expect(yield* registry.deleteHostType(hostType.name)).toBe(true)
          expect(yield* registry.deleteHostType(hostType.name)).toBe(false)
          expect(yield* registry.getHostType(hostType.name)).toEqual(Option.none())
        }
        expect(yield* registry.listHostTypes({ after: prefix, limit: 50 })).toEqual([])
      }),
    runs,
  )
}

const namespaceLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "namespaces come back whole, listed in order page by page, of one host type or all",
    { records: Records.named(Records.namespaceSuffix, Records.namespace) },
    ({ records }) =>
      Effect.gen(function* () {
        const registry = yield* Registry
        const { before, name } = yield* freshNamespaces
        const ownType = HostTypeName.make(before)
        const all = records.map(([suffix, record]) => ({
          ...record,
          name: name(suffix),
          ...(record.hostType === "Premium" ? { hostType: ownType } : {}),
        }))
        for (const namespace of all) yield* registry.putNamespace(namespace)
        for (const limit of [1, 3, 50]) {
          const listed = yield* allPages(
            (after) => registry.listNamespaces({ after, limit }),
            before,
          )
          expect(listed).toEqual(Records.byName(all))
        }
        const ofType = all.filter(({ hostType }) => hostType === ownType)
        expect(yield* registry.listNamespaces({ hostType: ownType, limit: 50 })).toEqual(
          Records.byName(ofType),
        )
        expect(yield* registry.listNamespaces({ hostType: ownType, limit: 1 })).toEqual(
          Records.byName(ofType).slice(0, 1),
        )
        expect(yield* registry.countNamespaces(ownType)).toBe(ofType.length)
        for (const namespace of all)
          expect(yield* registry.getNamespace(namespace.name)).toEqual(Option.some(namespace))
      }),
    runs,
  )

  it.effect.prop(
    "a namespace put again is replaced, but keeps its incarnation and time of creation",
    { first: Records.namespace, second: Records.namespace },
    ({ first, second }) =>
      Effect.gen(function* () {
        const registry = yield* Registry
        const name = yield* freshNamespace
        yield* registry.putNamespace({ ...first, name })
        yield* registry.putNamespace({ ...second, name })
        const { incarnation, createdAt } = first
        expect(yield* registry.getNamespace(name)).toEqual(
          Option.some({ ...second, name, incarnation, createdAt }),
        )
        expect(yield* registry.setNamespaceStatus(name, "disabled", 77)).toBe(true)
        expect(yield* registry.getNamespace(name)).toEqual(
          Option.some({
            ...second,
            name,
            incarnation,
            createdAt,
            status: "disabled",
            updatedAt: 77,
          }),
        )
      }),
    runs,
  )

  it.effect("nothing but its release ends the status of a namespace being removed", () =>
    Effect.gen(function* () {
      const registry = yield* Registry
      const removals = yield* Removals
      const name = yield* freshNamespace
      const status = Effect.map(
        registry.getNamespace(name),
        Option.map(({ status }) => status),
      )
      expect(yield* registry.setNamespaceStatus(name, "enabled", 2)).toBe(false)
      yield* registry.putNamespace(Records.plainNamespace(name))
      yield* removals.begin(beginRemoval(name, 5, RemovalId.make("r5")))
      expect(yield* status).toEqual(Option.some("removing"))
      expect(yield* registry.setNamespaceStatus(name, "enabled", 6)).toBe(false)
      yield* registry.putNamespace(Records.plainNamespace(name))
      expect(yield* status).toEqual(Option.some("removing"))
      yield* removals.release({ namespace: name, id: RemovalId.make("r5") })
      expect(yield* status).toEqual(Option.none())
      yield* registry.putNamespace({ ...Records.plainNamespace(name), incarnation: "second" })
      expect(yield* registry.getNamespace(name)).toEqual(
        Option.some({ ...Records.plainNamespace(name), incarnation: "second" }),
      )
    }),
  )
}
