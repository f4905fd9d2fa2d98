// The standard transports, each with a destination that the laws can steer.

import { Writable } from "node:stream"
import { Deferred, Effect, Either, Layer, Redacted, Schema, Scope } from "effect"
import { eventFromJson, eventsFromJson, fromTrustedJson } from "../../../../src/domain/index.js"
import { Handlers } from "../../../../src/actors/index.js"
import {
  EmailTransport,
  HandlerSlots,
  HandlerTransport,
  Hook0Transport,
  StdoutTransport,
} from "../../../../src/layers/transports/index.js"
import { EmailOptions } from "../../../../src/layers/transports/email/EmailOptions.js"
import { Hook0Options } from "../../../../src/layers/transports/hook0/Hook0Options.js"
import type { WebhookMode } from "../../../../src/layers/transports/webhook/WebhookOptions.js"
import type { Behaviour, TransportHarness } from "../../../laws/transportLaws.js"
import { namespace, sink } from "./Deliveries.js"
import * as Hook0Server from "./Hook0Server.js"
import * as MailServer from "./MailServer.js"
import * as Receiver from "./Receiver.js"
import * as Webhooks from "./Webhooks.js"

const config = { namespace, sink, options: {}, secrets: {} }

const idsIn = ({ body, headers }: Receiver.Received): ReadonlyArray<string> => {
  const type = headers["content-type"] ?? ""
  if (type.startsWith("application/cloudevents-batch")) {
    return Either.getOrThrow(eventsFromJson(body.toString())).map(({ id }) => id)
  }
  return type.startsWith("application/cloudevents")
    ? [Either.getOrThrow(eventFromJson(body.toString())).id]
    : [decodeURIComponent(String(headers["ce-id"]))]
}

const webhook = (mode: WebhookMode): TransportHarness => ({
  kind: "webhook",
  name: `"webhook", ${mode}`,
  capabilities: { batching: mode === "batch", network: true, starting: mode !== "batch" },
  open: (sinkScope) =>
    Effect.gen(function* () {
      let behaviour: Behaviour = "take"
      const taken: Array<string> = []
      let hanging = false
      const receiver = yield* Receiver.http((request, response) => {
        hanging = behaviour === "hang"
        receiver.notify()
        if (behaviour === "take") taken.push(...idsIn(request))
        if (behaviour !== "hang") response.writeHead(behaviour === "take" ? 200 : 503).end()
      })
      const { open } = yield* Webhooks.transport()
      return {
        connection: yield* Scope.extend(
          open(Webhooks.config({ url: receiver.url, mode })),
          sinkScope,
        ),
        taken: () => taken,
        behave: (next) => {
          behaviour = next
        },
        hanging: receiver.until(() => hanging),
        deserted: receiver.until(({ openSockets }) => openSockets === 0),
      }
    }),
})

const stdout: TransportHarness = {
  kind: "stdout",
  name: '"stdout"',
  capabilities: { batching: true, network: false, starting: false },
  open: (sinkScope) =>
    Effect.gen(function* () {
      let behaviour: Behaviour = "take"
      let release = () => {}
      const taken: Array<string> = []
      const hanging = yield* Deferred.make<void>()
      // What the standard output of a process does, without ending with the first error.
      const stream = new Writable({
        autoDestroy: false,
        decodeStrings: false,
        write: (lines, _encoding, done) => {
          const take = () => {
            for (const line of String(lines).trimEnd().split("\n"))
              taken.push(fromTrustedJson(line).id)
            done()
          }
          if (behaviour === "take") return take()
          release = take
          Deferred.unsafeDone(hanging, Effect.void)
        },
      })
      const writer = yield* Layer.build(StdoutTransport.layerStream(stream))
      const lines = Effect.provide(StdoutTransport.LineWriter, writer)
      const { open } = yield* StdoutTransport.make.pipe(
        Effect.provideServiceEffect(
          StdoutTransport.LineWriter,
          Effect.map(lines, ({ write }) => ({
            write: (text) =>
              Effect.suspend(() =>
                behaviour === "fail"
                  ? new StdoutTransport.LinesNotWritten({ code: "EPIPE" })
                  : write(text),
              ),
          })),
        ),
      )
      return {
        connection: yield* Scope.extend(open(config), sinkScope),
        taken: () => taken,
        behave: (next) => {
          behaviour = next
          if (next === "take") release()
        },
        hanging: Deferred.await(hanging),
        deserted: Effect.void,
      }
    }),
}

const handler: TransportHarness = {
  kind: "handler",
  name: '"handler"',
  capabilities: { batching: false, network: false, starting: false },
  open: (sinkScope) =>
    Effect.gen(function* () {
      let behaviour: Behaviour = "take"
      const taken: Array<string> = []
      const hanging = yield* Deferred.make<void>()
      const running = yield* Effect.makeSemaphore(1)
      yield* Effect.flatMap(Handlers, ({ attach }) =>
        attach(namespace, sink, ({ id }) => {
          if (behaviour === "fail") throw new Error("not now")
          if (behaviour === "take") {
            taken.push(id)
            return
          }
          return running.withPermits(1)(
            Effect.zipRight(Deferred.succeed(hanging, undefined), Effect.never),
          )
        }),
      )
      const { open } = yield* HandlerTransport.make
      return {
        connection: yield* Scope.extend(open(config), sinkScope),
        taken: () => taken,
        behave: (next: Behaviour) => {
          behaviour = next
        },
        hanging: Deferred.await(hanging),
        deserted: running.withPermits(1)(Effect.void),
      }
    }).pipe(Effect.provideService(Handlers, HandlerSlots.make()), Effect.orDie),
}

const hook0: TransportHarness = {
  kind: "hook0",
  name: '"hook0"',
  capabilities: { batching: false, network: true, starting: false },
  open: (sinkScope) =>
    Effect.gen(function* () {
      let hanging = false
      const server = yield* Hook0Server.start
      server.types.add("shop.order.placed")
      const { open } = yield* Hook0Transport.make().pipe(Effect.provide(Webhooks.services))
      const options = Schema.decodeSync(Hook0Options)({
        apiUrl: server.apiUrl,
        applicationId: Hook0Server.applicationId,
        eventType: "shop.order.placed",
        metadata: { id: "{{id}}" },
      })
      const secrets = { apiToken: Redacted.make(Hook0Server.token) }
      return {
        connection: yield* Scope.extend(open({ namespace, sink, options, secrets }), sinkScope),
        taken: () => [...server.events.values()].map(({ metadata }) => metadata?.["id"] ?? ""),
        behave: (next: Behaviour) => {
          const { receiver } = server
          server.override =
            next === "take"
              ? undefined
              : (response) => {
                  hanging = next === "hang"
                  if (!hanging) Hook0Server.answerProblem(response, 503, "ServiceUnavailable")
                  receiver.notify()
                }
        },
        hanging: server.receiver.until(() => hanging),
        deserted: server.receiver.until(({ openSockets }) => openSockets === 0),
      }
    }),
}

const email: TransportHarness = {
  kind: "email",
  name: '"email"',
  // A batch makes one mail for each cause, so that not every event can be told from it.
  capabilities: { batching: false, network: true, starting: false },
  runs: 20,
  open: (sinkScope) =>
    Effect.gen(function* () {
      const server = yield* MailServer.start({ plain: true })
      const { open } = yield* EmailTransport.make().pipe(Effect.provide(Webhooks.services))
      const options = Schema.decodeSync(EmailOptions)({
        host: "127.0.0.1",
        port: server.port,
        security: "none",
        from: "mesh@example.com",
        to: ["ops@example.com"],
        subject: "{{id}}",
      })
      const { deliver } = yield* Scope.extend(
        open({ namespace, sink, options, secrets: {} }),
        sinkScope,
      )
      return {
        connection: { deliver },
        taken: () => server.mails.map(({ subject = "" }) => subject),
        behave: (next: Behaviour) => {
          server.hangs = next === "hang"
          server.refuse = next === "fail" ? { at: "sender", reply: 451 } : undefined
        },
        hanging: server.until(({ hanging }) => hanging),
        deserted: server.until(({ openSockets }) => openSockets === 0),
      }
    }),
}

export const harnesses: ReadonlyArray<TransportHarness> = [
  webhook("structured"),
  webhook("binary"),
  webhook("batch"),
  stdout,
  handler,
  hook0,
  email,
]
