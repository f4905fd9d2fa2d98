// The mesh as Effect layers: what it is made of is one expression, what it does another.
//
//   npx tsx examples/effect.ts

import { Console, Deferred, Duration, Effect } from "effect"
import { CloudEvent, Mesh, NamespaceName, parseTypePattern } from "eventloom"
import * as SingleProcess from "eventloom/single-process"
import * as MemoryStore from "eventloom/stores/memory"
import { AesVault } from "eventloom/vault"

const acme = NamespaceName.make("acme.example")

const program = Effect.gen(function* () {
  const mesh = yield* Mesh
  yield* mesh.namespaces.put(acme)

  const types = [yield* parseTypePattern("booking.*")]
  const seen = yield* Deferred.make<void>()
  yield* mesh.handle(acme, "bookings", { types, ordering: "key" }, (event, { attempt }) =>
    Console.log(event.type, event.data, `attempt ${attempt}`).pipe(
      Effect.zipRight(Deferred.succeed(seen, undefined)),
      Effect.asVoid,
    ),
  )

  const event = yield* CloudEvent.make({
    id: "1",
    source: "/frontdesk",
    type: "booking.reserved",
    subject: "room-7",
    data: { nights: 2 },
  })
  const [first] = yield* mesh.publish(acme, [event])
  const [again] = yield* mesh.publish(acme, [event])
  yield* Console.log(`sequence ${first?.sequence}, again a duplicate: ${again?.duplicate}`)
  yield* Deferred.await(seen)

  const report = yield* mesh.namespaces.remove(acme, { wait: "10 seconds" })
  yield* Console.log(`removed in ${report.steps.length} steps`)
})

const layer = SingleProcess.layer({
  store: MemoryStore.layer,
  vault: AesVault.layerTest,
  config: { idleAfter: Duration.minutes(5) },
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))
