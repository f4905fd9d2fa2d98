// Mails, as a real SMTP server takes them.

import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import type { Delivery } from "../../../src/actors/index.js"
import { alertEvent, NamespaceName, reasonOf } from "../../../src/domain/index.js"
import { EmailTransport, TargetGuards } from "../../../src/layers/transports/index.js"
import {
  EmailOptions,
  type EmailOptionsEncoded,
} from "../../../src/layers/transports/email/EmailOptions.js"
import { certificate } from "./support/Certificate.js"
import { delivery, namespace, sink } from "./support/Deliveries.js"
import * as MailServer from "./support/MailServer.js"

const resolvedHere = TargetGuards.make(
  { allowPrivateTargets: true },
  { resolve: () => Effect.succeed(["127.0.0.1"]) },
)

const transport = EmailTransport.make({ ca: [certificate] }).pipe(
  Effect.provideService(TargetGuards.TargetGuard, resolvedHere),
)

const none: Readonly<Record<string, Redacted.Redacted>> = {}
const account = { username: "user" }
const secrets: typeof none = { password: Redacted.make("pass word") }

const configOf = (options: Partial<EmailOptionsEncoded>, given = secrets) => ({
  namespace,
  sink,
  options: Schema.decodeSync(EmailOptions)({
    host: "hook.test",
    from: "mesh@example.com",
    to: ["ops@example.com"],
    timeout: "5s",
    ...options,
  }),
  secrets: given,
})

const opened = (
  { port }: { readonly port: number },
  options: Partial<EmailOptionsEncoded> = account,
  given?: typeof secrets,
) => Effect.flatMap(transport, ({ open }) => open(configOf({ port, ...options }, given)))

const alerted = (n: number, count = 1): Delivery =>
  delivery(n, {
    ...alertEvent(
      {
        alert: {
          _tag: "DeadLettered",
          namespace,
          subscription: delivery().subscription,
          deadLetter: "dl_1",
          sequence: delivery().event.sequence,
          event: { source: "/orders", id: "<script>alert(1)</script>", type: "order.placed" },
          reason: { _tag: "Rejected", reason: reasonOf("422") },
          excerpt: '{"id":"<b>"}',
        },
        count,
        since: 0,
      },
      { id: `alert-${n}`, time: 1_000 },
    ),
  })

describe("an e-mail sink", () => {
  it.scopedLive("sends over STARTTLS, logged in, to everybody", () =>
    Effect.gen(function* () {
      const server = yield* MailServer.start()
      const { deliver } = yield* opened(server, {
        ...account,
        to: ["ops@example.com", "boss@example.com"],
        subject: "Order {{data.number}}",
      })
      expect(yield* deliver(delivery(7, { subject: "orders/7" }))).toEqual({ _tag: "Delivered" })
      const [mail, ...more] = server.mails
      expect(more).toEqual([])
      expect(mail).toMatchObject({
        encrypted: true,
        subject: "Order 7",
        from: { address: "mesh@example.com" },
        to: ["ops@example.com", "boss@example.com"],
      })
      expect(mail?.text).toContain("Topic: order.placed")
      expect(mail?.text).toContain('"number": 7')
      expect(mail?.headers.find(({ key }) => key === "auto-submitted")?.value).toBe(
        "auto-generated",
      )
    }),
  )

  it.scopedLive("says of an alert what happened, how often, and how to redeliver", () =>
    Effect.gen(function* () {
      const server = yield* MailServer.start()
      const { deliverBatch } = yield* opened(server)
      const outcomes = yield* deliverBatch?.([alerted(1), alerted(2, 41)]) ?? Effect.succeed([])
      expect(outcomes.map(({ _tag }) => _tag)).toEqual(["Delivered", "Delivered"])
      const [mail, ...more] = server.mails
      expect(more).toEqual([])
      expect(mail?.subject).toMatch(
        /^\[Eventloom\] acme\.example\/subscriptions\/all: .*\(42 times\)$/,
      )
      expect(mail?.text).toContain("eventloom dead-letters redeliver acme.example dl_1")
      expect(mail?.html).not.toContain("<script>")
      expect(mail?.html).toContain("&lt;script&gt;")
      expect(mail?.html).toContain("{&quot;id&quot;:&quot;&lt;b&gt;&quot;}")
    }),
  )

  it.scopedLive("makes one mail for each cause of a batch, with one id for the same batch", () =>
    Effect.gen(function* () {
      const server = yield* MailServer.start()
      const { deliverBatch } = yield* opened(server)
      const batch = [delivery(1), delivery(2, { type: "order.lost" }), delivery(3)]
      for (let attempt = 0; attempt < 2; attempt++) yield* deliverBatch?.(batch) ?? Effect.void
      expect(server.mails.map(({ subject }) => subject)).toEqual([
        "[Eventloom] order.placed (2 times)",
        "[Eventloom] order.lost",
        "[Eventloom] order.placed (2 times)",
        "[Eventloom] order.lost",
      ])
      expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(2)
    }),
  )

  it.scopedLive("lets nothing of an event into the headers", () =>
    Effect.gen(function* () {
      const server = yield* MailServer.start()
      const { deliver } = yield* opened(server, { ...account, subject: "{{data.text}}" })
      yield* deliver(delivery(1, { data: { text: "a\r\nBcc: all@example.com\r\n\r\nbody" } }))
      expect(server.mails[0]?.subject).toBe("a Bcc: all@example.com body")
      expect(server.mails[0]?.to).toEqual(["ops@example.com"])
      expect(server.mails[0]?.bcc ?? []).toEqual([])
    }),
  )

  it.scopedLive("refuses to go on without encryption, unless it is told to", () =>
    Effect.gen(function* () {
      const server = yield* MailServer.start({ plain: true })
      const careful = yield* opened(server, {}, none)
      expect(yield* careful.deliver(delivery())).toMatchObject({ _tag: "Retry" })
      const plain = yield* opened(server, { security: "none" }, none)
      expect(yield* plain.deliver(delivery())).toEqual({ _tag: "Delivered" })
      expect(server.mails.map(({ encrypted }) => encrypted)).toEqual([false])
    }),
  )

  it.scopedLive("tells who is at fault", () =>
    Effect.gen(function* () {
      const server = yield* MailServer.start()
      const { deliver } = yield* opened(server)
      const tried = (at: "sender" | "message" | "login", reply: number) => {
        server.refuse = { at, reply }
        return Effect.map(deliver(delivery()), ({ _tag }) => _tag)
      }
      expect(yield* tried("login", 535)).toBe("Misconfigured")
      expect(yield* tried("login", 454)).toBe("Retry")
      expect(yield* tried("sender", 550)).toBe("Misconfigured")
      expect(yield* tried("sender", 451)).toBe("Retry")
      expect(yield* tried("message", 554)).toBe("Reject")
      expect(yield* tried("message", 452)).toBe("Retry")
    }),
  )

  it.scopedLive("gives up on a server that does not answer, and on none", () =>
    Effect.gen(function* () {
      const server = yield* MailServer.start()
      server.hangs = true
      const hanging = yield* opened(server, { ...account, timeout: "1s" })
      expect(yield* hanging.deliver(delivery())).toMatchObject({ _tag: "Retry" })
      const nobody = yield* opened({ port: 1 })
      expect(yield* nobody.deliver(delivery())).toMatchObject({ _tag: "Retry" })
    }),
  )

  it.effect("is refused with a private server, half an account, or an address that is none", () =>
    Effect.gen(function* () {
      const strict = TargetGuards.make(
        { allowPrivateTargets: false },
        { resolve: () => Effect.succeed(["127.0.0.1"]) },
      )
      const operator = NamespaceName.make("eventloom.system")
      const { prepare } = yield* EmailTransport.make({ operator }).pipe(
        Effect.provideService(TargetGuards.TargetGuard, strict),
      )
      const prepared = (config: ReturnType<typeof configOf>) => prepare?.(config) ?? Effect.void
      expect(
        yield* Effect.flip(prepared(configOf({ ...account, host: "127.0.0.1" }))),
      ).toMatchObject({ field: "host" })
      expect(yield* Effect.flip(prepared(configOf({})))).toMatchObject({ field: "password" })
      // The operator's own may be anywhere.
      const own = { ...configOf({ ...account, host: "127.0.0.1" }), namespace: operator }
      expect(yield* Effect.either(prepared(own))).toMatchObject({ _tag: "Right" })
      const decode = Schema.decodeUnknownEither(EmailOptions)
      for (const to of ["a@b\r\nRCPT TO:<x@y>", "a@b,c@d", "Ann <a@b>", "a"]) {
        expect(decode({ host: "h", from: "a@b.c", to: [to] })._tag).toBe("Left")
      }
    }),
  )
})
