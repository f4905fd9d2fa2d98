import { describe, expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import * as fc from "fast-check"
import { nonPublicKind, Resolvers, TargetGuards } from "../../../src/layers/transports/index.js"

const guard = (
  names: Readonly<Record<string, ReadonlyArray<string>>> = {},
  policy: TargetGuards.TargetPolicy = { allowPrivateTargets: false },
) =>
  TargetGuards.make(policy, {
    resolve: (host) =>
      names[host] === undefined
        ? new Resolvers.HostUnresolved({ host, reason: "ENOTFOUND" })
        : Effect.succeed(names[host]),
  })

const strict = guard()
const isRefused = (host: string) => {
  const byUrl = Either.isLeft(strict.checkUrl(`http://${host}/x`))
  const byHost = Either.isLeft(strict.checkHost(host, 80))
  expect(byHost).toBe(byUrl)
  return byUrl
}

type V4 = readonly [number, number, number, number]

/** Every way to write an IPv4 address that URL parsers or C libraries read. */
const v4Forms = ([a, b, c, d]: V4): ReadonlyArray<string> => {
  const number = ((a * 256 + b) * 256 + c) * 256 + d
  const hex = (value: number) => `0x${value.toString(16)}`
  const octal = (value: number) => `0${value.toString(8)}`
  const low = c * 256 + d
  return [
    [a, b, c, d].join("."),
    [a, b, c, d].map(hex).join("."),
    [a, b, c, d].map(octal).join("."),
    [hex(a), octal(b), c, d].join("."),
    `${a}.${b}.${low}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    String(number),
    hex(number),
    `0X${number.toString(16).toUpperCase()}`,
    `0${number.toString(8)}`,
    `${[a, b, c, d].join(".")}.`,
    [a, b, c, d].join("。"),
    String(a).replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))) +
      `.${b}.${c}.${d}`,
  ]
}

/** IPv6 addresses that lead to an IPv4 address. */
const v6Carriers = ([a, b, c, d]: V4): ReadonlyArray<string> => {
  const group = (high: number, low: number) => (high * 256 + low).toString(16)
  const hex = `${group(a, b)}:${group(c, d)}`
  return [
    `[::ffff:${a}.${b}.${c}.${d}]`,
    `[::ffff:${hex}]`,
    `[0:0:0:0:0:FFFF:${hex}]`,
    `[64:ff9b::${hex}]`,
    `[64:ff9b::${a}.${b}.${c}.${d}]`,
  ]
}

const byte = fc.integer({ min: 0, max: 255 })
const within = (prefix: ReadonlyArray<fc.Arbitrary<number>>): fc.Arbitrary<V4> => {
  const [a = byte, b = byte, c = byte, d = byte] = prefix
  return fc.tuple(a, b, c, d)
}
const is = (value: number) => fc.constant(value)
const privateV4 = fc.oneof(
  within([is(0)]),
  within([is(10)]),
  within([is(100), fc.integer({ min: 64, max: 127 })]),
  within([is(127)]),
  within([is(169), is(254)]),
  within([is(172), fc.integer({ min: 16, max: 31 })]),
  within([is(192), is(0), is(0)]),
  within([is(192), is(0), is(2)]),
  within([is(192), is(168)]),
  within([is(198), fc.integer({ min: 18, max: 19 })]),
  within([is(198), is(51), is(100)]),
  within([is(203), is(0), is(113)]),
  within([fc.integer({ min: 224, max: 255 })]),
)
const publicV4 = fc.oneof(
  within([fc.constantFrom(1, 8, 11, 93, 104, 126, 128, 151, 185, 193, 199, 204, 223)]),
  within([is(172), fc.integer({ min: 32, max: 255 })]),
  within([is(100), fc.integer({ min: 128, max: 255 })]),
)
const groups = (count: number) =>
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { minLength: count, maxLength: count })
    .map((values) => values.map((value) => value.toString(16)).join(":"))

describe("addresses", () => {
  it("that are private are refused in any form", () => {
    fc.assert(
      fc.property(privateV4, (address) => {
        for (const form of [...v4Forms(address), ...v6Carriers(address)]) {
          expect([form, isRefused(form)]).toEqual([form, true])
        }
      }),
    )
  })

  it("that are public are accepted in any form", () => {
    fc.assert(
      fc.property(publicV4, (address) => {
        for (const form of [...v4Forms(address), ...v6Carriers(address)]) {
          expect([form, isRefused(form)]).toEqual([form, false])
        }
      }),
    )
  })

  it("of IPv6 are accepted only within global unicast", () => {
    fc.assert(
      fc.property(groups(8), (address) => {
        const first = Number.parseInt(address, 16)
        if (first < 0x2000 || first > 0x3fff) expect(nonPublicKind(address)).toBeDefined()
      }),
    )
    const special = ["fc00", "fd12", "fe80", "fec0", "ff02", "2001:db8", "2001:0", "2002", "3fff:1"]
    fc.assert(
      fc.property(fc.constantFrom(...special), groups(6), (prefix, rest) => {
        const address = `${prefix}:${rest}`.split(":").concat("1", "1").slice(0, 8).join(":")
        expect([address, isRefused(`[${address}]`)]).toEqual([address, true])
      }),
    )
    for (const address of ["2606:4700::1111", "2a00:1450:4001:81b::200e", "2400:cb00:2048:1::1"]) {
      expect(isRefused(`[${address}]`)).toBe(false)
    }
  })

  it.each([
    ["127.0.0.1", "a loopback address"],
    ["::1", "a loopback address"],
    ["169.254.169.254", "the address of a cloud metadata service"],
    ["::ffff:169.254.169.254", "the address of a cloud metadata service"],
    ["fd00:ec2::254", "the address of a cloud metadata service"],
    ["168.63.129.16", "the address of a cloud metadata service"],
    ["100.100.100.200", "an address of a carrier's NAT"],
    ["255.255.255.255", "the broadcast address"],
    ["::7f00:1", "a reserved address"],
    ["fe80::1%eth0", "not a plain IP address"],
    ["8.8.8.8", undefined],
  ])("%s is %s", (address, kind) => {
    expect(nonPublicKind(address)).toBe(kind)
  })
})

describe("URLs", () => {
  it.each([
    "",
    "hook.example",
    "ftp://hook.example/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://",
    "http://user@hook.example/",
    "http://:secret@hook.example/",
    "http://[fe80::1%25eth0]/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://a.localhost:80/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://metadata/",
    "http://printer.local/",
    "http://intranet/",
    "http://127.1\\@hook.example/",
    `http://hook.example/${"a".repeat(2_048)}`,
  ])("such as %j are refused without showing what is secret", (url) => {
    const result = strict.checkUrl(url)
    expect(Either.isLeft(result)).toBe(true)
    if (Either.isLeft(result)) expect(result.left.message).not.toMatch(/secret|passwd/)
  })

  it.each(["http://hook.example/", "https://HOOK.example:8443/a?b#c", "http://8.8.8.8/"])(
    "such as %j are accepted",
    (url) => {
      expect(Either.getOrThrow(strict.checkUrl(url)).href).toBe(new URL(url).href)
    },
  )

  it("can be held to certain ports", () => {
    const { checkHost, checkUrl } = guard({}, { allowPrivateTargets: true, ports: [443, 8443] })
    expect(Either.isRight(checkUrl("https://hook.example/"))).toBe(true)
    expect(Either.isRight(checkUrl("http://hook.example:8443/"))).toBe(true)
    expect(Either.isLeft(checkUrl("http://hook.example/"))).toBe(true)
    expect(Either.isLeft(checkHost("hook.example", 5672))).toBe(true)
  })

  it("can name anything where private targets are allowed", () => {
    const { checkUrl } = guard({}, { allowPrivateTargets: true })
    for (const host of ["localhost", "127.0.0.1", "[::1]", "intranet", "169.254.169.254"]) {
      expect(Either.isRight(checkUrl(`http://${host}/`))).toBe(true)
    }
  })
})

describe("names", () => {
  it.effect("are refused when any of their addresses is private", () =>
    Effect.gen(function* () {
      const { resolve } = guard({
        "good.example": ["93.184.216.34", "2606:4700::1111"],
        "mixed.example": ["93.184.216.34", "10.0.0.1"],
        "six.example": ["::ffff:127.0.0.1"],
      })
      expect(yield* resolve("good.example")).toEqual(["93.184.216.34", "2606:4700::1111"])
      expect(yield* Effect.flip(resolve("mixed.example"))).toMatchObject({ _tag: "TargetRefused" })
      expect(yield* Effect.flip(resolve("six.example"))).toMatchObject({ _tag: "TargetRefused" })
      expect(yield* Effect.flip(resolve("none.example"))).toMatchObject({ _tag: "HostUnresolved" })
      expect(yield* Effect.flip(resolve("[::1]"))).toMatchObject({
        reason: "is a loopback address",
      })
      expect(yield* resolve("8.8.8.8")).toEqual(["8.8.8.8"])
    }),
  )
})
