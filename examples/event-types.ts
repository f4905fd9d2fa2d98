// An event type that TypeScript knows: registered, enforced, published and handled by its definition.
//
//   npx tsx examples/event-types.ts

import { Console, Deferred, Effect, Schema } from "effect"
import { EventType, Mesh, NamespaceName, namespaceCatalogue } from "eventloom"
import * as SingleProcess from "eventloom/single-process"
import * as MemoryStore from "eventloom/stores/memory"
import { AesVault } from "eventloom/vault"

const acme = NamespaceName.make("acme.example")

const BookingCreated = EventType.define(
  "booking.created",
  Schema.Struct({
    room: Schema.String,
    nights: Schema.Int.pipe(Schema.positive()),
    from: Schema.Date,
  }),
  { description: "A guest has booked a room" },
)

const program = Effect.gen(function* () {
  const mesh = yield* Mesh
  yield* mesh.namespaces.put(acme, { overrides: { schemaEnforcement: "reject" } })
  yield* mesh.eventTypes.register(namespaceCatalogue(acme), BookingCreated)

  const seen = yield* Deferred.make<void>()
  yield* mesh.eventTypes.handle(acme, "bookings", BookingCreated, {}, ({ from, nights, room }) =>
    Console.log(`room ${room} for ${nights} nights in ${from.getUTCFullYear()}`).pipe(
      Effect.zipRight(Deferred.succeed(seen, undefined)),
      Effect.asVoid,
    ),
  )

  const booking = { room: "7", nights: 2, from: new Date("2030-05-01") }
  yield* mesh.eventTypes.publish(acme, BookingCreated, {
    id: "1",
    source: "/frontdesk",
    data: booking,
  })
  yield* Deferred.await(seen)

  // Another publisher, who does not know the definition.
  const wrong = EventType.define("booking.created", Schema.Struct({ room: Schema.Number }))
  const refused = yield* Effect.flip(
    mesh.eventTypes.publish(acme, wrong, { id: "2", source: "/kiosk", data: { room: 7 } }),
  )
  yield* Console.log(refused.message)
})

const layer = SingleProcess.layer({ store: MemoryStore.layer, vault: AesVault.layerTest })

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))
