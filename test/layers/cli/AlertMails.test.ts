import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Option, TestClock } from "effect"
import { Mesh, RejectEvent } from "../../../src/actors/index.js"
import { NamespaceName, SubscriptionName, systemNamespace } from "../../../src/domain/index.js"
import { ensureAlertMails } from "../../../src/layers/cli/serve/AlertMails.js"
import { deploymentConfig } from "../../../src/layers/cli/serve/ServeOptions.js"
import * as SingleProcess from "../../../src/layers/SingleProcess.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import { AesVault } from "../../../src/layers/vault/index.js"
import { cloudEvent } from "../../laws/LawEvents.js"
import * as MailServer from "../transports/support/MailServer.js"

const flags = {
  data: Option.none(),
  databaseUrl: Option.none(),
  host: Option.none(),
  port: Option.none(),
  json: false,
}

const configured = (variables: Readonly<Record<string, string>>) =>
  deploymentConfig(flags).pipe(
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables)))),
  )

const variables = {
  EMAIL_SMTP_HOST: "smtp.example.com",
  EMAIL_FROM: "mesh@example.com",
  EMAIL_TO: "ops@example.com, boss@example.com",
}

describe("mails about alerts", () => {
  it.effect("are told of by the environment, whole or not at all", () =>
    Effect.gen(function* () {
      expect((yield* configured({})).email).toBeUndefined()
      expect((yield* configured(variables)).email).toMatchObject({
        host: "smtp.example.com",
        port: 587,
        security: "starttls",
        to: ["ops@example.com", "boss@example.com"],
      })
      const tls = yield* configured({ ...variables, EMAIL_SMTP_PORT: "465" })
      expect(tls.email?.security).toBe("tls")
      const half = yield* Effect.flip(configured({ EMAIL_SMTP_HOST: "smtp.example.com" }))
      expect(half.message).toContain("EMAIL_TO")
    }),
  )

  it.scoped("reach the operator when a delivery is given up on", () =>
    Effect.gen(function* () {
      const server = yield* MailServer.start({ plain: true })
      const mesh = yield* Mesh
      const shop = NamespaceName.make("shop.example")
      yield* mesh.namespaces.put(systemNamespace)
      yield* mesh.namespaces.put(shop)
      yield* ensureAlertMails({
        host: "127.0.0.1",
        port: server.port,
        security: "none",
        from: "mesh@example.com",
        to: ["ops@example.com"],
      })
      yield* mesh.handle(shop, "billing", {}, () => {
        throw new RejectEvent({ reason: "no such customer" })
      })
      yield* mesh.publish(shop, [cloudEvent({ id: "1", source: "/orders", type: "order.placed" })])
      yield* Effect.raceFirst(
        server.until(({ mails }) => mails.length > 0),
        Effect.forever(Effect.zipRight(TestClock.adjust("1 second"), Effect.promise(turn))),
      )
      expect(server.mails[0]).toMatchObject({ to: ["ops@example.com"] })
      expect(server.mails[0]?.text).toContain("no such customer")
      const found = yield* mesh.subscriptions.get(systemNamespace, SubscriptionName.make("email"))
      expect(found.state).toBe("live")
    }).pipe(Effect.provide(mesh)),
  )
})

/** Lets what waits for the system have its turn. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

const mesh = Layer.suspend(() =>
  SingleProcess.layer({ store: MemoryStore.layer, vault: AesVault.layerTest }),
)
