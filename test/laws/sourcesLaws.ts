// Laws of the sources: what is put comes back whole, replaced by what is put later, listed in order.

import { expect } from "@effect/vitest"
import { Duration, Effect, Either, Option } from "effect"
import * as fc from "fast-check"
import { Sources } from "../../src/actors/index.js"
import {
  ByteSize,
  NamespaceName,
  type Source,
  SourceName,
  type TableSnapshot,
  Wal,
  type WalOptions,
} from "../../src/domain/index.js"
import { awkwardText } from "./LawEvents.js"
import * as Records from "./LawRecords.js"
import { freshNamespaces, type LawRuns, lawSuite, type StoreHarness } from "./StoreHarness.js"

const millis = fc.nat(8_640_000_000_000_000)
const template = Either.getOrThrow(Wal.parseNamespaceTemplate("{{schema}}-{{row.tenant}}.example"))
const size = fc.nat(1e9).map((bytes) => ByteSize.make(bytes))

const options: fc.Arbitrary<WalOptions> = fc
  .record(
    {
      snapshot: fc.constantFrom("all" as const, ["public.a", "s.b.c"] as const),
      publicationTables: fc.constantFrom("all" as const, ["public.a", "s.b"] as const),
      unknownNamespaces: fc.constantFrom("skip" as const, {
        park: NamespaceName.make("p.example"),
      }),
      typePrefix: fc.constant("db"),
      eventTables: fc.constant(["public.outbox"]),
      messagePrefix: fc.constant("eventloom"),
      numbers: fc.constantFrom("exact" as const, "nearest" as const),
      streaming: fc.boolean(),
      bufferBytes: size,
      lagBudget: size,
      heartbeat: fc.integer({ min: 1000, max: 1e6 }).map(Duration.millis),
      failover: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map((some) => ({ ...some, slot: "s", publication: ["p", "q'"], namespace: template }))

const source: fc.Arbitrary<Omit<Source, "name">> = fc.record(
  {
    kind: fc.constant("wal" as const),
    options,
    server: awkwardText,
    sealedUrl: awkwardText,
    createdAt: millis,
    updatedAt: millis,
    snapshotPlanned: fc.constantFrom("all" as const, ["public.a"] as const),
    slot: fc.record({
      state: fc.constantFrom("creating" as const, "established" as const),
      isOurs: fc.boolean(),
      systemId: awkwardText,
    }),
  },
  { requiredKeys: ["kind", "options", "server", "sealedUrl", "createdAt", "updatedAt"] },
)

const snapshot: fc.Arbitrary<Omit<TableSnapshot, "table">> = fc.record(
  {
    requestedAt: millis,
    state: fc.constantFrom(
      "waiting" as const,
      "reading" as const,
      "done" as const,
      "failed" as const,
    ),
    rows: fc.nat(),
    estimatedRows: fc.nat(),
    cursor: fc.oneof(
      fc.record({
        by: fc.constant("key" as const),
        columns: fc.array(awkwardText),
        values: fc.array(awkwardText),
      }),
      fc.record({
        by: fc.constant("place" as const),
        part: fc.nat(),
        file: awkwardText,
        after: awkwardText,
      }),
    ),
    problem: awkwardText,
    endedAt: millis,
  },
  { requiredKeys: ["requestedAt", "state", "rows"] },
)
const table = fc
  .string({ unit: fc.constantFrom("a", "Z", "é", "-", "."), minLength: 1, maxLength: 3 })
  .map((name) => `s.${name}`)

/** Records are few and small. */
const fewer = (runs: LawRuns) => ({
  ...runs,
  fastCheck: { numRuns: Math.min(runs.fastCheck.numRuns, 8) },
})

export const sourcesLaws = (name: string, harness: StoreHarness): void =>
  lawSuite(`${name}: sources`, harness, (it, runs) => {
    it.effect.prop(
      "sources come back whole, replaced, listed in order page by page, deleted once",
      { records: Records.named(Records.resourceName, fc.tuple(source, source)) },
      ({ records }) =>
        Effect.gen(function* () {
          const sources = yield* Sources
          const { before } = yield* freshNamespaces
          const prefix = SourceName.make(before)
          const versions = records.map(([suffix, pair]) =>
            pair.map((record) => ({ ...record, name: SourceName.make(`${prefix}${suffix}`) })),
          )
          for (const pair of versions) for (const version of pair) yield* sources.put(version)
          const latest = Records.byName(versions.flatMap((pair) => pair.slice(-1)))
          const [first, ...rest] = latest
          expect(yield* sources.list({ after: prefix, limit: 1 })).toEqual([first])
          const after = first?.name ?? prefix
          expect(yield* sources.list({ after, limit: 50 })).toEqual(rest)
          for (const record of latest) {
            expect(yield* sources.get(record.name)).toEqual(Option.some(record))
            expect(yield* sources.delete(record.name)).toBe(true)
            expect(yield* sources.delete(record.name)).toBe(false)
            expect(yield* sources.get(record.name)).toEqual(Option.none())
          }
        }),
      fewer(runs),
    )

    it.effect.prop(
      "snapshots come back whole, replaced, in order, and go with their source",
      { record: source, tables: fc.dictionary(table, fc.tuple(snapshot, snapshot)) },
      ({ record, tables }) =>
        Effect.gen(function* () {
          const sources = yield* Sources
          const { before } = yield* freshNamespaces
          const [name, other] = [SourceName.make(`${before}a`), SourceName.make(`${before}b`)]
          const versions = Object.entries(tables).map(([table, pair]) =>
            pair.map((version): TableSnapshot => ({ ...version, table })),
          )
          const all = versions.flat()
          for (const version of all) yield* sources.putSnapshot(name, version)
          expect(yield* sources.snapshots(name)).toEqual([])
          yield* sources.put({ ...record, name })
          yield* sources.put({ ...record, name: other })
          for (const version of all) yield* sources.putSnapshot(name, version)
          yield* sources.put({ ...record, name })
          const latest = versions
            .flatMap((pair) => pair.slice(-1))
            .sort((a, b) => (a.table < b.table ? -1 : 1))
          expect(yield* sources.snapshots(name)).toEqual(latest)
          expect(yield* sources.snapshots(other)).toEqual([])
          yield* sources.delete(name)
          yield* sources.delete(other)
          expect(yield* sources.snapshots(name)).toEqual([])
          yield* sources.put({ ...record, name })
          expect(yield* sources.snapshots(name)).toEqual([])
          yield* sources.delete(name)
        }),
      fewer(runs),
    )
  })
