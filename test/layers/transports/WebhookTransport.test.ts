// What a webhook delivery sends, and what the transport promises about connections and scopes.

import { createHmac, createPublicKey, verify } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Exit, Fiber, Redacted, Scope, TestClock } from "effect"
import { Vault } from "../../../src/actors/index.js"
import { AesVault } from "../../../src/layers/vault/index.js"
import { eventsFromJson } from "../../../src/domain/index.js"
import { HostUnresolved } from "../../../src/layers/transports/guard/Resolver.js"
import { certificate } from "./support/Certificate.js"
import { deliveries, delivery } from "./support/Deliveries.js"
import * as Receiver from "./support/Receiver.js"
import * as Webhooks from "./support/Webhooks.js"

const signatureOf = (bytes: Uint8Array, { body, headers }: Receiver.Received) =>
  createHmac("sha256", bytes)
    .update(`${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.`)
    .update(body)
    .digest("base64")

describe("what is sent", () => {
  it.scoped("posts the structured event byte for byte, signed at the time of the attempt", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 0, 2, 3, 4, 5, 999))
      const receiver = yield* Receiver.http()
      const { deliver } = yield* Webhooks.connection({ url: `${receiver.url}/hook?a=1#part` })
      const sent = delivery(7, { data: { text: "üñí ✓" } })
      expect(yield* deliver(sent)).toMatchObject({ _tag: "Delivered", status: 204 })
      const [request] = receiver.received
      if (request === undefined) return expect.fail("nothing was received")
      expect(request).toMatchObject({ method: "POST", url: "/hook?a=1" })
      expect(request.body.toString()).toBe(sent.event.json)
      expect(request.headers).toMatchObject({
        "content-type": "application/cloudevents+json",
        "content-length": String(Buffer.byteLength(sent.event.json)),
        "webhook-id": "dlv_7",
        "webhook-timestamp": "1767323045",
        "webhook-signature": `v1,${signatureOf(Webhooks.secretBytes, request)}`,
      })
    }),
  )

  it.scopedLive("sends the attributes as headers in binary mode", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http()
      const { deliver } = yield* Webhooks.connection({ url: receiver.url, mode: "binary" })
      yield* deliver(delivery(1, { subject: "Zoë", tenant: "a", data: { n: 1 } }))
      yield* deliver(
        delivery(2, { data: undefined, data_base64: "AAH/", datacontenttype: "image/x" }),
      )
      const [json, bytes] = receiver.received
      expect(json?.headers).toMatchObject({
        "ce-id": "event-1",
        "ce-subject": "Zo%C3%AB",
        "ce-tenant": "a",
        "content-type": "application/json",
        "webhook-id": "dlv_1",
      })
      expect(json?.body.toString()).toBe('{"n":1}')
      expect(bytes?.headers["content-type"]).toBe("image/x")
      expect(bytes?.body).toEqual(Buffer.from([0, 1, 255]))
    }),
  )

  it.scopedLive("sends a batch in one request whose id is the same each time", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http()
      const { deliverBatch } = yield* Webhooks.connection({ url: receiver.url, mode: "batch" })
      if (deliverBatch === undefined) return expect.fail("batch mode takes batches")
      const outcomes = yield* deliverBatch(deliveries(3))
      yield* deliverBatch(deliveries(3))
      yield* deliverBatch(deliveries(2))
      expect(outcomes.map(({ _tag }) => _tag)).toEqual(["Delivered", "Delivered", "Delivered"])
      const [first, second, third] = receiver.received
      if (first === undefined) return expect.fail("nothing was received")
      expect(first.headers["content-type"]).toBe("application/cloudevents-batch+json")
      const events = Either.getOrThrow(eventsFromJson(first.body.toString()))
      expect(events.map(({ id }) => id)).toEqual(["event-1", "event-2", "event-3"])
      expect(first.headers["webhook-id"]).toMatch(/^batch_[\w-]{43}$/)
      expect(second?.headers["webhook-id"]).toBe(first.headers["webhook-id"])
      expect(third?.headers["webhook-id"]).not.toBe(first.headers["webhook-id"])
      expect(receiver.received).toHaveLength(3)
    }),
  )

  it.scopedLive("finds the event for which a batch is rejected, and delivers the others", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http(({ body }, response) => {
        response.writeHead(body.includes("event-3") ? 422 : 200).end()
      })
      const { deliverBatch } = yield* Webhooks.connection({ url: receiver.url, mode: "batch" })
      const outcomes = yield* deliverBatch?.(deliveries(5)) ?? Effect.succeed([])
      expect(outcomes.map(({ _tag }) => _tag)).toEqual([
        "Delivered",
        "Delivered",
        "Reject",
        "Delivered",
        "Delivered",
      ])
    }),
  )

  it.scopedLive("leaves the rest of a batch alone behind what has to be retried", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http(({ body }, response) => {
        const events = Either.getOrThrow(eventsFromJson(body.toString()))
        response.writeHead(events.length > 2 ? 413 : body.includes("event-1") ? 200 : 503).end()
      })
      const { deliverBatch } = yield* Webhooks.connection({ url: receiver.url, mode: "batch" })
      const outcomes = yield* deliverBatch?.(deliveries(8)) ?? Effect.succeed([])
      expect(outcomes.map(({ _tag }) => _tag)).toEqual([
        "Delivered",
        "Delivered",
        ...Array.from({ length: 6 }, () => "Retry"),
      ])
      // 8, 4, then the pairs 1-2 and 3-4.
      expect(receiver.received).toHaveLength(4)
    }),
  )

  it.scopedLive("sends no id that could be taken apart in another way, or not be sent at all", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http()
      const { deliver } = yield* Webhooks.connection({ url: receiver.url })
      for (const id of ["msg_a.1", "msg_a.2", "zoë ✓ \r\nx: y", "msg_a.1"]) {
        expect(yield* deliver({ ...delivery(), id })).toMatchObject({ _tag: "Delivered" })
      }
      const ids = receiver.received.map(({ headers }) => String(headers["webhook-id"]))
      for (const id of ids) expect(id).toMatch(/^msg_[\w-]{43}$/)
      expect(new Set(ids).size).toBe(3)
      expect(ids[3]).toBe(ids[0])
      for (const request of receiver.received) {
        expect(request.headers["webhook-signature"]).toBe(
          `v1,${signatureOf(Webhooks.secretBytes, request)}`,
        )
      }
    }),
  )

  it.scoped(
    "goes on with a rotated secret on the same connection, and with both until the end",
    () =>
      Effect.gen(function* () {
        const receiver = yield* Receiver.http()
        const { deliver, renew } = yield* Webhooks.connection({ url: receiver.url })
        const second = Buffer.alloc(32, 2)
        const signatures = Effect.map(deliver(delivery()), () => {
          const request = receiver.received.at(-1)
          if (request === undefined) return expect.fail("nothing was received")
          const names = new Map([
            [`v1,${signatureOf(Webhooks.secretBytes, request)}`, "first"],
            [`v1,${signatureOf(second, request)}`, "second"],
          ])
          return String(request.headers["webhook-signature"])
            .split(" ")
            .map((signature) => names.get(signature))
        })
        expect(yield* signatures).toEqual(["first"])
        renew?.({
          secrets: { secret: Redacted.make(`whsec_${second.toString("base64")}`) },
          retiring: { secrets: { secret: Webhooks.secret }, until: 1_000 },
        })
        expect(yield* signatures).toEqual(["second", "first"])
        yield* TestClock.setTime(999)
        expect(yield* signatures).toEqual(["second", "first"])
        yield* TestClock.setTime(1_000)
        expect(yield* signatures).toEqual(["second"])
        expect(receiver.sockets).toHaveLength(1)
      }),
  )

  it.scoped("signs with the key pairs of the namespace, alone or beside the secret", () =>
    Effect.gen(function* () {
      const vault = yield* Effect.provide(Vault, AesVault.layerTest)
      const [first, second] = [yield* vault.generateSigningKey, yield* vault.generateSigningKey]
      const receiver = yield* Receiver.http()
      const { open, prepare } = yield* Webhooks.transport()
      const options = { url: receiver.url, signature: "both" } as const
      const secretKey = first.secretKey
      const { deliver, renew } = yield* open({
        ...Webhooks.config(options),
        signingKeys: [{ secretKey }],
      })
      const signers = Effect.map(deliver(delivery()), () => {
        const request = receiver.received.at(-1)
        if (request === undefined) return expect.fail("nothing was received")
        const { body, headers } = request
        const signed = Buffer.concat([
          Buffer.from(`${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.`),
          body,
        ])
        return String(headers["webhook-signature"])
          .split(" ")
          .map((signature) =>
            signature === `v1,${signatureOf(Webhooks.secretBytes, request)}`
              ? "secret"
              : [first, second].findIndex(({ publicKey }) => {
                  const jwk = { kty: "OKP", crv: "Ed25519", x: publicKey }
                  const key = createPublicKey({ key: jwk, format: "jwk" })
                  return (
                    signature.startsWith("v1a,") &&
                    verify(null, signed, key, Buffer.from(signature.slice(4), "base64"))
                  )
                }),
          )
      })
      expect(yield* signers).toEqual(["secret", 0])
      const present = { secretKey: second.secretKey }
      const retiring = { secretKey, until: 1_000 }
      renew?.({ secrets: { secret: Webhooks.secret }, signingKeys: [present, retiring] })
      expect(yield* signers).toEqual(["secret", 1, 0])
      yield* TestClock.setTime(1_000)
      expect(yield* signers).toEqual(["secret", 1])

      const alone = { ...Webhooks.config({ ...options, signature: "v1a" }, {}) }
      expect(yield* prepare?.(alone) ?? Effect.void).toEqual({})
      const connection = yield* open({ ...alone, signingKeys: [{ secretKey }] })
      yield* connection.deliver(delivery())
      expect(receiver.received.at(-1)?.headers["webhook-signature"]).toMatch(/^v1a,[^ ]{88}$/)
    }),
  )

  it.scopedLive("adds the configured headers, and signs with each secret of a rotation", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http()
      const old = Buffer.alloc(24, 1)
      const { open } = yield* Webhooks.transport()
      const { deliver } = yield* open(
        Webhooks.config(
          { url: receiver.url, headers: { Authorization: "Bearer abc", "User-Agent": "mine" } },
          {
            secret: Redacted.make(
              `${Redacted.value(Webhooks.secret)} whsec_${old.toString("base64")}`,
            ),
          },
        ),
      )
      yield* deliver(delivery())
      const [request] = receiver.received
      if (request === undefined) return expect.fail("nothing was received")
      expect(request.headers).toMatchObject({ authorization: "Bearer abc", "user-agent": "mine" })
      expect(request.headers["webhook-signature"]).toBe(
        `v1,${signatureOf(Webhooks.secretBytes, request)} v1,${signatureOf(old, request)}`,
      )
    }),
  )
})

describe("connections", () => {
  it.scopedLive("are kept and used again", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http()
      const { deliver } = yield* Webhooks.connection({ url: receiver.url })
      yield* Effect.forEach(deliveries(20), deliver)
      expect(receiver.sockets).toHaveLength(1)
      yield* Effect.forEach(deliveries(200), deliver, { concurrency: 8 })
      expect(receiver.received).toHaveLength(220)
      expect(receiver.sockets.length).toBeLessThanOrEqual(8)
    }),
  )

  it.scopedLive("go to as many origins as there are", () =>
    Effect.gen(function* () {
      const receivers = yield* Effect.all(Array.from({ length: 25 }, () => Receiver.http()))
      const { open } = yield* Webhooks.transport()
      const outcomes = yield* Effect.forEach(
        receivers,
        ({ url }, index) =>
          Effect.flatMap(open(Webhooks.config({ url })), ({ deliver }) => deliver(delivery(index))),
        { concurrency: "unbounded" },
      )
      expect(outcomes.every(({ _tag }) => _tag === "Delivered")).toBe(true)
      expect(receivers.map(({ received }) => received.length)).toEqual(receivers.map(() => 1))
    }),
  )

  it.scopedLive("are shared by the sinks of an origin and closed with the last of them", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http()
      const { open } = yield* Webhooks.transport()
      const scopes = [yield* Scope.make(), yield* Scope.make()] as const
      const [first, second] = yield* Effect.all(
        scopes.map((scope) => Scope.extend(open(Webhooks.config({ url: receiver.url })), scope)),
      )
      yield* first?.deliver(delivery(1)) ?? Effect.void
      yield* Scope.close(scopes[0], Exit.void)
      yield* second?.deliver(delivery(2)) ?? Effect.void
      expect(receiver.sockets).toHaveLength(1)
      expect(receiver.openSockets).toBe(1)
      yield* Scope.close(scopes[1], Exit.void)
      yield* receiver.until(({ openSockets }) => openSockets === 0)
    }),
  )

  it.scopedLive("are bounded; requests beyond wait in line, and leave it when interrupted", () =>
    Effect.gen(function* () {
      const held: Array<() => void> = []
      const receiver = yield* Receiver.http((_, response) => {
        held.push(() => response.writeHead(204).end())
      })
      const { deliver } = yield* Webhooks.connection(
        { url: receiver.url },
        { agents: { connectionsPerOrigin: 1 } },
      )
      const [, second, third] = yield* Effect.all([
        Effect.fork(deliver(delivery(1))),
        Effect.fork(deliver(delivery(2))),
        Effect.fork(deliver(delivery(3))),
      ])
      yield* receiver.until(({ received }) => received.length === 1)
      yield* Fiber.interrupt(second)
      held.pop()?.()
      yield* receiver.until(({ received }) => received.length === 2)
      held.pop()?.()
      yield* Fiber.join(third)
      expect(receiver.received.map(({ headers }) => headers["webhook-id"])).toEqual([
        "dlv_1",
        "dlv_3",
      ])
      expect(receiver.sockets).toHaveLength(1)
    }),
  )

  it.scopedLive("are dropped when a delivery is interrupted, and the next one gets another", () =>
    Effect.gen(function* () {
      let isSilent = true
      const receiver = yield* Receiver.http((_, response) => {
        if (!isSilent) response.writeHead(204).end()
      })
      const { deliver } = yield* Webhooks.connection({ url: receiver.url })
      const fiber = yield* Effect.fork(deliver(delivery(1)))
      yield* receiver.until(({ received }) => received.length === 1)
      yield* Fiber.interrupt(fiber)
      yield* receiver.until(({ openSockets }) => openSockets === 0)
      expect(receiver.sockets).toHaveLength(1)
      isSilent = false
      expect(yield* deliver(delivery(2))).toMatchObject({ _tag: "Delivered" })
    }),
  )

  it.scopedLive("end with the sink, and so do the deliveries on them", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http(() => undefined)
      const { open } = yield* Webhooks.transport({ agents: { connectionsPerOrigin: 1 } })
      const scope = yield* Scope.make()
      const { deliver } = yield* Scope.extend(open(Webhooks.config({ url: receiver.url })), scope)
      const fibers = yield* Effect.forEach(deliveries(2), (each) => Effect.fork(deliver(each)))
      yield* receiver.until(({ received }) => received.length === 1)
      yield* Scope.close(scope, Exit.void)
      const outcomes = yield* Fiber.join(Fiber.all(fibers))
      expect(outcomes.map(({ _tag }) => _tag)).toEqual(["Retry", "Retry"])
      yield* receiver.until(({ openSockets }) => openSockets === 0)
    }),
  )
})

describe("names", () => {
  const counting = (...answers: ReadonlyArray<string>) => {
    const asked: Array<string> = []
    const names = (host: string) =>
      Effect.suspend(() => {
        asked.push(host)
        const answer = answers[Math.min(asked.length, answers.length) - 1]
        return answer === undefined
          ? new HostUnresolved({ host, reason: "ENOTFOUND" })
          : Effect.succeed([answer])
      })
    return { asked, names }
  }

  it.scopedLive("are resolved once per connection and stay the Host", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http()
      const { asked, names } = counting("127.0.0.1")
      const url = `http://hook.test:${receiver.port}/`
      const { deliver } = yield* Webhooks.connection({ url }, { names })
      yield* Effect.forEach(deliveries(5), deliver)
      expect(asked).toEqual(["hook.test"])
      expect(receiver.received[4]?.headers.host).toBe(`hook.test:${receiver.port}`)
    }),
  )

  it.scopedLive("stay the name that the certificate is checked for", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.https()
      const { names } = counting("127.0.0.1")
      const setting = { names, agents: { ca: [certificate] } }
      const right = `https://hook.test:${receiver.port}/`
      const { deliver } = yield* Webhooks.connection({ url: right }, setting)
      expect(yield* deliver(delivery())).toMatchObject({ _tag: "Delivered" })
      const wrong = `https://other.test:${receiver.port}/`
      const other = yield* Webhooks.connection({ url: wrong }, setting)
      expect(yield* other.deliver(delivery())).toMatchObject({
        _tag: "Retry",
        reason: "the exchange failed (ERR_TLS_CERT_ALTNAME_INVALID)",
      })
      const distrustful = yield* Webhooks.connection({ url: right }, { names })
      expect(yield* distrustful.deliver(delivery())).toMatchObject({ _tag: "Retry" })
      expect(receiver.received).toHaveLength(1)
    }),
  )

  it.scopedLive("that turn to a private address after they were stored are not connected to", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http()
      const { asked, names } = counting("93.184.216.34", "127.0.0.1")
      const { open, prepare } = yield* Webhooks.transport({ allowPrivateTargets: false, names })
      const config = Webhooks.config({ url: `http://rebind.example:${receiver.port}/` })
      expect(yield* prepare?.(config) ?? Effect.void).toEqual({})
      const { deliver } = yield* open(config)
      expect(yield* deliver(delivery())).toMatchObject({
        _tag: "Misconfigured",
        reason: 'the target is refused: "rebind.example" has an address that is a loopback address',
      })
      expect(asked).toHaveLength(2)
      expect(receiver.sockets).toHaveLength(0)
    }),
  )

  it.scopedLive("that do not resolve are tried again", () =>
    Effect.gen(function* () {
      const { deliver } = yield* Webhooks.connection({ url: "http://no.example/" }, counting())
      expect(yield* deliver(delivery())).toMatchObject({
        _tag: "Retry",
        reason: 'The host "no.example" cannot be resolved: ENOTFOUND',
      })
    }),
  )
})

describe("a stored sink", () => {
  const prepared = (options: Parameters<typeof Webhooks.config>[0], secrets = {}) =>
    Effect.flatMap(
      Webhooks.transport({
        allowPrivateTargets: false,
        names: (host) => new HostUnresolved({ host, reason: "ENOTFOUND" }),
      }),
      ({ prepare }) => prepare?.(Webhooks.config(options, secrets)) ?? Effect.dieMessage("missing"),
    )

  it.scoped("is given a secret when it has none", () =>
    Effect.gen(function* () {
      const { secret } = yield* prepared({ url: "https://hook.example/" })
      expect(secret && Redacted.value(secret)).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
      expect(
        yield* prepared({ url: "https://hook.example/" }, { secret: Webhooks.secret }),
      ).toEqual({})
    }),
  )

  it.scoped.each([
    ["no URL", {}, {}, "url"],
    ["another scheme", { url: "ftp://hook.example/" }, {}, "url"],
    ["credentials", { url: "https://a:b@hook.example/" }, {}, "url"],
    ["a private target", { url: "http://0x7f.1/" }, {}, "url"],
    ["a short secret", { url: "https://hook.example/" }, { secret: "whsec_AAAA" }, "secret"],
    ["no secret's form", { url: "https://hook.example/" }, { secret: "swordfish" }, "secret"],
  ] as const)(
    "is refused for %s",
    ([, options, { secret }, field]: readonly [
      string,
      { readonly url?: string },
      { readonly secret?: string },
      string,
    ]) =>
      Effect.gen(function* () {
        const secrets = secret === undefined ? {} : { secret: Redacted.make(secret) }
        const error = yield* Effect.flip(prepared(options, secrets))
        expect(error).toMatchObject({ _tag: "InvalidSetting", field })
        expect(error.message).not.toMatch(/AAAA|swordfish|a:b/)
      }),
  )

  it.scoped("that can no longer be opened is misconfigured, not a failure", () =>
    Effect.gen(function* () {
      const { open } = yield* Webhooks.transport({ allowPrivateTargets: false })
      const { deliver } = yield* open(Webhooks.config({ url: "http://169.254.169.254/" }))
      expect(yield* deliver(delivery())).toMatchObject({
        _tag: "Misconfigured",
        reason: 'url: "169.254.169.254" is the address of a cloud metadata service',
      })
    }),
  )
})
