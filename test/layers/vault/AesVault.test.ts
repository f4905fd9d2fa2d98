import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Either, Inspectable, Redacted } from "effect"
import * as fc from "fast-check"
import { Vault } from "../../../src/actors/index.js"
import { AesVault, type MasterKey, parseMasterKey } from "../../../src/layers/vault/index.js"

const keyOf = (byte: number): MasterKey =>
  Either.getOrThrow(
    parseMasterKey(Redacted.make(Buffer.alloc(32, byte).toString("base64")), "the test"),
  )
const vault = AesVault.make(keyOf(1))
const seal = (owner: string, text: string, by = vault) =>
  Effect.runSync(by.seal(owner, Redacted.make(text)))
const open = (owner: string, sealed: string, by = vault) =>
  Effect.runSync(Effect.either(by.open(owner, sealed)))

const owner = fc.string({ minLength: 1 })
const secret = fc.fullUnicodeString()

describe("a sealed secret", () => {
  it("opens to what was sealed, is never the same twice, and shows nothing", () => {
    fc.assert(
      fc.property(owner, secret, (owner, text) => {
        const sealed = seal(owner, text)
        expect(sealed).toMatch(/^v1\.[\w-]{11}\.[\w-]{16}\.[\w-]{22,}$/)
        expect(Either.map(open(owner, sealed), Redacted.value)).toEqual(Either.right(text))
        expect(seal(owner, text)).not.toBe(sealed)
      }),
    )
  })

  it("opens for no other owner", () => {
    fc.assert(
      fc.property(owner, owner, secret, (owner, other, text) => {
        fc.pre(owner !== other)
        expect(open(other, seal(owner, text))).toMatchObject({ left: { _tag: "SecretUnreadable" } })
      }),
    )
  })

  it("does not open when a character of it is another", () => {
    fc.assert(
      fc.property(
        secret,
        fc.nat(),
        fc.constantFrom("A", "b", "_", ".", "%", ""),
        (text, at, char) => {
          const sealed = seal("a", text)
          const index = at % sealed.length
          const changed = sealed.slice(0, index) + char + sealed.slice(index + 1)
          const before = Buffer.from(sealed.split(".").at(-1) ?? "", "base64url")
          const after = Buffer.from(changed.split(".").at(-1) ?? "", "base64url")
          // The last character of base64 can carry bits that mean nothing.
          fc.pre(changed !== sealed && !(index === sealed.length - 1 && before.equals(after)))
          expect(Either.isLeft(open("a", changed))).toBe(true)
        },
      ),
    )
  })

  it("does not open from any other text", () => {
    const part = fc.base64String()
    const text = fc.oneof(
      secret,
      fc.tuple(part, part, part).map((all) => `v1.${all.join(".")}`),
    )
    fc.assert(
      fc.property(text, (text) => {
        expect(open("a", text)).toMatchObject({ left: { _tag: "SecretUnreadable" } })
      }),
    )
  })

  it("opens after the master key was changed, as long as the old one is known", () => {
    const sealed = seal("a", "swordfish")
    const rotated = AesVault.make(keyOf(2), [keyOf(1)])
    expect(Either.map(open("a", sealed, rotated), Redacted.value)).toEqual(
      Either.right("swordfish"),
    )
    const forgetful = AesVault.make(keyOf(2))
    const refused = open("a", sealed, forgetful)
    expect(refused).toMatchObject({ left: { reason: "it was sealed under another master key" } })
    expect(Either.isLeft(open("a", seal("a", "swordfish", rotated)))).toBe(true)
  })

  it("is shown by nothing that is printed", () => {
    const opened = Either.getOrThrow(open("a", seal("a", "swordfish")))
    expect(Inspectable.toStringUnknown(opened) + JSON.stringify({ opened })).not.toContain("sword")
  })
})

describe("a webhook secret", () => {
  it.effect("is new each time", () =>
    Effect.gen(function* () {
      const secrets = yield* Effect.replicateEffect(vault.generateWebhookSecret, 50)
      expect(new Set(secrets.map(Redacted.value)).size).toBe(50)
      for (const secret of secrets) {
        expect(Redacted.value(secret)).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
      }
    }),
  )
})

describe("a master key", () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 37) % 256))

  it("can be written in base64, base64url and hex", () => {
    const forms = [
      bytes.toString("base64"),
      bytes.toString("base64").replace("=", ""),
      bytes.toString("base64url"),
      bytes.toString("hex"),
      `${bytes.toString("hex").toUpperCase()}\n`,
    ]
    const ids = forms.map((form) => parseMasterKey(Redacted.make(form), "the test"))
    expect(new Set(ids.map((id) => Either.getOrThrow(id).id)).size).toBe(1)
  })

  it.each(["", "swordfish", bytes.toString("hex").slice(2), bytes.subarray(1).toString("base64")])(
    "is not %j",
    (text) => {
      const refused = Either.flip(parseMasterKey(Redacted.make(text), "EVENTLOOM_MASTER_KEY"))
      const { message } = Either.getOrThrow(refused)
      expect(message).toContain("EVENTLOOM_MASTER_KEY")
      if (text !== "") expect(message).not.toContain(text)
    },
  )

  it.effect("comes from the environment", () =>
    Effect.gen(function* () {
      const withKey = (value: string) =>
        Effect.withConfigProvider(
          ConfigProvider.fromMap(new Map([["EVENTLOOM_MASTER_KEY", value]])),
        )
      const sealing = Effect.flatMap(Vault, ({ seal }) => seal("a", Redacted.make("x"))).pipe(
        Effect.provide(AesVault.layerConfig),
      )
      expect(yield* withKey(bytes.toString("hex"))(sealing)).toMatch(/^v1\./)
      expect(yield* Effect.flip(withKey("short")(sealing))).toMatchObject({
        _tag: "InvalidMasterKey",
      })
    }),
  )
})
