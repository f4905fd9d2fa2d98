// KeyScopes: read in one order, and what they are enough for.

import { describe, expect, it } from "@effect/vitest"
import { Either, Schema } from "effect"
import {
  NamespaceName,
  permits,
  KeyScope,
  KeyScopes,
  type Caller,
  canSee,
  KeyId,
  mayIn,
} from "../../../src/domain/index.js"

const read = Schema.decodeUnknownEither(KeyScopes)

describe("scopes", () => {
  it.each([
    { stated: ["read"], scopes: ["read"] },
    { stated: ["manage", "publish"], scopes: ["publish", "manage"] },
  ])("$stated are $scopes", ({ stated, scopes }) => {
    expect(read(stated)).toEqual(Either.right(scopes))
  })

  it.each([[[]], [["read", "read"]], [["admin"]], ["read"], [undefined]])(
    "%j are none",
    (stated) => {
      expect(Either.isLeft(read(stated))).toBe(true)
    },
  )

  it("manage includes the others, which include nothing", () => {
    for (const required of KeyScope.literals) {
      expect(permits(["manage"], required)).toBe(true)
      expect(permits(["publish"], required)).toBe(required === "publish")
      expect(permits(["read"], required)).toBe(required === "read")
      expect(permits([], required)).toBe(false)
    }
  })
})

describe("a caller", () => {
  const [own, other] = [NamespaceName.make("a.example"), NamespaceName.make("b.example")]
  const bearer: Caller = {
    kind: "key",
    key: { namespace: own, id: KeyId.make("A".repeat(16)), scopes: ["manage"], createdAt: 1 },
  }

  it("with a key sees its namespace alone, whatever its scopes", () => {
    expect([canSee(bearer, own), canSee(bearer, other)]).toEqual([true, false])
    expect([mayIn(bearer, own, "read"), mayIn(bearer, other, "read")]).toEqual([true, false])
  })

  it.each([{ kind: "operator" } as const, { kind: "process" } as const])(
    "as $kind may do everything",
    (caller) => {
      expect(canSee(caller, other) && mayIn(caller, other, "manage")).toBe(true)
    },
  )
})
