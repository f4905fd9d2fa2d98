/**
 * Ephemeral publish to one in-process handler, one by one and in batches of 256, beside Node's
 * EventEmitter and emittery, which route by name alone and know nothing of namespaces, filters,
 * windows or counts.
 */
import { EventEmitter } from "node:events"
import { existsSync } from "node:fs"
import { Effect, Either, type Scope } from "effect"
import { Mesh } from "../src/actors/index.js"
import { CloudEvent, NamespaceName } from "../src/domain/index.js"
import * as SingleProcess from "../src/layers/SingleProcess.js"
import * as MemoryStore from "../src/layers/stores/memory/MemoryStore.js"
import * as AesVault from "../src/layers/vault/AesVault.js"
import { compare, type Contender, figure, isMain, printTable } from "./measure.js"

const BATCH = 256
const namespace = NamespaceName.make("ephemeral.bench")
const event = Either.getOrThrow(
  CloudEvent.make({ id: "1", source: "/bench", type: "bench.tick", data: { n: 1 } }),
)
const batch = Array.from({ length: BATCH }, () => event)

interface Emitter {
  readonly on: (name: string, listener: () => void) => unknown
  readonly emit: (name: string, data: unknown) => Promise<void>
}

const emittery = async (): Promise<ReadonlyArray<Contender>> => {
  if (!existsSync(new URL("../../bench/node_modules/emittery", import.meta.url))) return []
  const name = "./node_modules/emittery/index.js"
  const { default: Emittery }: { readonly default: new () => Emitter } = await import(name)
  const emitter = new Emittery()
  emitter.on("bench.tick", () => undefined)
  return [
    {
      name: "emittery",
      run: async (count) => {
        for (let n = 0; n < count; n++) await emitter.emit("bench.tick", event)
      },
    },
  ]
}

const program: Effect.Effect<void, unknown, Mesh | Scope.Scope> = Effect.gen(function* () {
  const mesh = yield* Mesh
  yield* mesh.namespaces.put(namespace)
  let handled = 0
  yield* mesh.handle(namespace, "count", {}, () => {
    handled++
  })
  /** Publishes, then waits until the handler has had everything. */
  const publishing = (events: ReadonlyArray<CloudEvent>): Contender["run"] => {
    const settle = (target: number): Effect.Effect<void> =>
      Effect.suspend(() =>
        handled >= target ? Effect.void : Effect.zipRight(Effect.yieldNow(), settle(target)),
      )
    return (count) => {
      const target = handled + count * events.length
      const publish = Effect.gen(function* () {
        for (let n = 0; n < count; n++) yield* mesh.publish(namespace, events, "ephemeral")
        yield* settle(target)
      })
      return Effect.runPromise(publish)
    }
  }
  const emitter = new EventEmitter()
  let emitted = 0
  emitter.on("bench.tick", () => {
    emitted++
  })
  const measured = yield* Effect.promise(async () =>
    compare([
      { name: "eventloom, one by one", run: publishing([event]) },
      { name: `eventloom, batches of ${BATCH}`, run: publishing(batch) },
      ...(await emittery()),
      {
        name: "EventEmitter",
        run: (count) => {
          for (let n = 0; n < count; n++) emitter.emit("bench.tick", event)
          return emitted
        },
      },
    ]),
  )
  const { deliveries } = yield* mesh.metrics
  printTable(
    `Ephemeral publish to one handler (${deliveries.dropped} dropped of ${figure(handled)})`,
    ["contender", "events/s", "ratio to EventEmitter"],
    measured.map(({ name, perSecond, ratio }) => {
      const factor = name.includes("batches") ? BATCH : 1
      return [name, figure(perSecond * factor), figure(ratio * factor)]
    }),
  )
})

export const run = (): Promise<void> =>
  Effect.runPromise(
    Effect.scoped(program).pipe(
      Effect.provide(SingleProcess.layer({ store: MemoryStore.layer, vault: AesVault.layerTest })),
      Effect.orDie,
    ),
  )

if (isMain(import.meta.url)) await run()
