// A transport of one's own: each event as a line at the end of a file.
//
//   npx tsx examples/custom-transport.ts

import { appendFile, readFile } from "node:fs/promises"
import { Console, Effect, Schema } from "effect"
import * as Eventloom from "eventloom"
import * as SingleProcess from "eventloom/single-process"
import * as MemoryStore from "eventloom/stores/memory"
import { AesVault } from "eventloom/vault"

const { CloudEvent, Mesh, NamespaceName, Outcome, SinkName, SubscriptionName } = Eventloom
const Options = Schema.Struct({ path: Schema.NonEmptyString })

const fileTransport: Eventloom.Transport<typeof Options.Type, typeof Options.Encoded> = {
  kind: "file",
  options: Options,
  secrets: [],
  open: ({ options: { path } }) =>
    Effect.succeed({
      deliver: ({ event }) =>
        Effect.tryPromise(() => appendFile(path, `${event.json}\n`)).pipe(
          Effect.as(Outcome.delivered()),
          Effect.catchAll(({ cause }) => Effect.succeed(Outcome.retry(String(cause)))),
        ),
    }),
}

const program = Effect.gen(function* () {
  const mesh = yield* Mesh
  const acme = NamespaceName.make("acme.example")
  const sink = SinkName.make("audit")
  yield* mesh.namespaces.put(acme)
  yield* mesh.sinks.put(acme, sink, { kind: "file", path: "audit.jsonl" })
  yield* mesh.subscriptions.put(acme, SubscriptionName.make("audit"), { sink })
  yield* mesh.publish(acme, [yield* CloudEvent.make({ id: "1", source: "/door", type: "opened" })])
  const lines = Effect.promise(() => readFile("audit.jsonl", "utf8").catch(() => ""))
  yield* Console.log(yield* Effect.repeat(lines, { until: (text) => text.endsWith("\n") }))
})

const layer = SingleProcess.layer({
  store: MemoryStore.layer,
  vault: AesVault.layerTest,
  transports: [Eventloom.TransportRegistry.entry(Effect.succeed(fileTransport))],
})

await Effect.runPromise(Effect.provide(program, layer))
