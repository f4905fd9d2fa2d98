// Random commands on a store and on `NaiveStore`: both answer the same, and hold the same after each.

import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import { DeliveryLog, Journal, Registry, Removals } from "../../src/actors/index.js"
import {
  beginRemoval,
  type NamespaceName,
  RemovalId,
  Sequence,
  SubscriptionName,
} from "../../src/domain/index.js"
import { entry, places } from "./LawEvents.js"
import { change } from "./LawProgress.js"
import * as Records from "./LawRecords.js"
import { snapshot } from "./LawSnapshot.js"
import { NaiveStore } from "./NaiveStore.js"
import { letterId, type StoreCommand, storeCommand, type Told } from "./StoreCommand.js"
import { freshNamespaces, lawSuite, type StoreHarness } from "./StoreHarness.js"

export const modelLaws = (name: string, harness: StoreHarness): void =>
  lawSuite(`${name}: model`, harness, (it, runs) => {
    it.effect.prop(
      "whatever is done in whatever order, the store answers as the naive one does",
      { commands: fc.array(storeCommand, { maxLength: 40, size: "max" }) },
      ({ commands }) =>
        Effect.gen(function* () {
          const { before, name } = yield* freshNamespaces
          const names = Array.from({ length: places }, (_, place) => name(`n${place}`))
          const stores = names.map((name) => new NaiveStore(name))
          for (const name of names) yield* register(name)
          for (const command of commands) {
            const touched = yield* carryOut(command, stores)
            for (const place of new Set(touched)) yield* holdsTheSame(at(stores, place))
          }
          for (const store of stores) yield* holdsTheSame(store)
          const log = yield* DeliveryLog
          expect(yield* log.backlog(before, 10)).toEqual(
            stores.filter(({ hasBacklog }) => hasBacklog).map(({ name }) => name),
          )
        }),
      runs,
    )
  })

const register = (name: NamespaceName) =>
  Effect.flatMap(Registry, (registry) => registry.putNamespace(Records.plainNamespace(name)))

const holdsTheSame = (store: NaiveStore) =>
  Effect.gen(function* () {
    const { namespace, ...rest } = yield* snapshot(store.name)
    expect(rest).toEqual(store.snapshot)
    expect(namespace?.status).toBe(store.status)
  })

const at = (stores: ReadonlyArray<NaiveStore>, place: number): NaiveStore => {
  const store = stores[place]
  if (store === undefined) throw new Error(`no place ${place}`)
  return store
}

const changeOf = (stores: ReadonlyArray<NaiveStore>, told: Told) =>
  change(at(stores, told.place).name, told.name, told.position, {
    deferred: told.deferred,
    settled: told.settled.map((sequence) => Sequence.make(sequence)),
    dead: told.dead.map((letter) => Records.plainDeadLetter(letterId(told.name, letter))),
  })

/** Does it to both and compares the answers; says which places it touched. */
const carryOut = (command: StoreCommand, stores: Array<NaiveStore>) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const registry = yield* Registry
    const log = yield* DeliveryLog
    switch (command._tag) {
      case "Append": {
        const entries = command.seeds.map(({ place, event }) =>
          entry(at(stores, place).name, event),
        )
        const naive = command.seeds.flatMap(({ place }, index) =>
          at(stores, place).journal.append(entries.slice(index, index + 1), command.at),
        )
        expect(yield* journal.append(entries, command.at)).toEqual(naive)
        return command.seeds.map(({ place }) => place)
      }
      case "Trim": {
        const { upTo, limit } = command
        const store = at(stores, command.place)
        const trimmed = yield* journal.trim(store.name, Sequence.make(upTo), limit)
        expect(trimmed).toBe(store.journal.trim(store.name, upTo, limit))
        return [command.place]
      }
      case "Ask": {
        const { after, limit, maxBytes, retention } = command
        const store = at(stores, command.place)
        const { name } = store
        const page = { namespace: name, after: Sequence.make(after), limit, maxBytes }
        const events = yield* journal.read(page)
        expect(events.map(({ sequence }) => Number(sequence))).toEqual(
          store.journal.read(page).map(({ sequence }) => sequence),
        )
        expect(yield* journal.positionAt(name, command.at)).toBe(
          store.journal.positionAt(name, command.at),
        )
        expect(yield* journal.expired(name, retention)).toBe(store.journal.expired(name, retention))
        const found = yield* journal.get(name, Sequence.make(after))
        expect(Option.map(found, ({ json }) => json)).toEqual(
          Option.fromNullable(
            store.journal.events(name).find(({ sequence }) => sequence === after)?.json,
          ),
        )
        return []
      }
      case "Subscribe": {
        const store = at(stores, command.place)
        const record = Records.plainSubscription(store.name, command.name, command.status)
        const position = Sequence.make(command.position)
        yield* registry.createSubscription(record, position)
        store.createSubscription(record, position)
        return [command.place]
      }
      case "Unsubscribe": {
        const store = at(stores, command.place)
        const name = SubscriptionName.make(command.name)
        const deleted = yield* registry.deleteSubscription(store.name, name)
        expect(deleted).toBe(store.deleteSubscription(name))
        return [command.place]
      }
      case "Commit": {
        const changes = command.changes.map((told) => changeOf(stores, told))
        yield* log.commit(changes)
        for (const told of command.changes) at(stores, told.place).commit(changeOf(stores, told))
        return command.changes.map(({ place }) => place)
      }
      case "Discard": {
        const store = at(stores, command.place)
        const id = letterId(command.name, command.letter)
        expect(yield* log.deleteDeadLetter(store.name, id)).toBe(store.deleteDeadLetter(id))
        return [command.place]
      }
      case "Enable": {
        const store = at(stores, command.place)
        expect(yield* registry.setNamespaceStatus(store.name, command.status, 2)).toBe(true)
        store.status = command.status
        return [command.place]
      }
      case "Remove": {
        const { name } = at(stores, command.place)
        yield* remove(at(stores, command.place), command.limit)
        yield* register(name)
        stores[command.place] = new NaiveStore(name)
        return stores.keys()
      }
    }
  })

/** A whole removal, in batches; every kind of row is accounted for. */
const remove = ({ name, rows }: NaiveStore, limit: number) =>
  Effect.gen(function* () {
    const removals = yield* Removals
    yield* removals.begin(beginRemoval(name, 1, RemovalId.make("r1")))
    for (const kind of ["deliveries", "events", "subscriptions", "sinks"] as const) {
      let purged = 0
      let batch = yield* removals.purge(name, kind, limit)
      for (; batch > 0; batch = yield* removals.purge(name, kind, limit)) {
        expect(batch).toBeLessThanOrEqual(limit)
        purged += batch
      }
      expect({ kind, purged }).toEqual({ kind, purged: rows[kind] })
    }
    yield* removals.release({ namespace: name, id: RemovalId.make("r1") })
  })
