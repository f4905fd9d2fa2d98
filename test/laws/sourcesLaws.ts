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
  Wal,
  type WalOptions,
} from "../../src/domain/index.js"
import { awkwardText } from "./LawEvents.js"
import * as Records from "./LawRecords.js"
import { freshNamespaces, lawSuite, type StoreHarness } from "./StoreHarness.js"

const millis = fc.nat(8_640_000_000_000_000)
const template = Either.getOrThrow(Wal.parseNamespaceTemplate("{{schema}}-{{row.tenant}}.example"))
const size = fc.nat(1e9).map((bytes) => ByteSize.make(bytes))

const options: fc.Arbitrary<WalOptions> = fc
  .record(
    {
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
    slot: fc.record({
      state: fc.constantFrom("creating" as const, "established" as const),
      isOurs: fc.boolean(),
      systemId: awkwardText,
    }),
  },
  { requiredKeys: ["kind", "options", "server", "sealedUrl", "createdAt", "updatedAt"] },
)

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
      // Records are few and small.
      { ...runs, fastCheck: { numRuns: Math.min(runs.fastCheck.numRuns, 8) } },
    )
  })
