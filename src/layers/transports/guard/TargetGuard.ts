// The guard of outbound targets: keeps what tenants configure from reaching into the operator's
// network (server-side request forgery).
//
// A URL is checked when it is configured, as far as it can be without asking DNS. What counts is the
// check on connecting: a name is resolved once per connection, every answer must be allowed, and
// only those very addresses are connected to, so a name that changes its answer gains nothing.

import { isIP } from "node:net"
import { Config, Context, Effect, Either, Layer, Schema } from "effect"
import { nonPublicKind } from "./PublicAddress.js"
import * as Resolver from "./Resolver.js"

/** The target must not be connected to. Says nothing of paths, credentials and queries. */
export class TargetRefused extends Schema.TaggedError<TargetRefused>()("TargetRefused", {
  host: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return this.host === "" ? this.reason : `"${this.host}" ${this.reason}`
  }
}

export interface TargetPolicy {
  /** Loopback, private and all other non-public addresses are allowed, and names that stand for them. */
  readonly allowPrivateTargets: boolean
  /** The ports that may be connected to; absent means any. */
  readonly ports?: ReadonlyArray<number>
}

export class TargetGuard extends Context.Tag("eventloom/TargetGuard")<
  TargetGuard,
  {
    readonly policy: TargetPolicy
    /** Reads an http or https URL and checks all that can be checked without asking DNS. */
    readonly checkUrl: (url: string) => Either.Either<URL, TargetRefused>
    /** The same for a host (a name or an IP address in any form) and port of another protocol. */
    readonly checkHost: (host: string, port: number) => Either.Either<string, TargetRefused>
    /** Resolves a host once. All of its addresses are allowed; connect to these and no other. */
    readonly resolve: (
      host: string,
    ) => Effect.Effect<ReadonlyArray<string>, TargetRefused | Resolver.HostUnresolved>
  }
>() {}

const MAX_URL_LENGTH = 2_048

// RFC 6761, RFC 6762, RFC 8375 and the zone that ICANN reserves for private use, in which clouds
// name their metadata services.
const PRIVATE_NAME = /(?:^|\.)(?:localhost|local|internal|home\.arpa)$/

const withoutBrackets = (host: string) => (host.startsWith("[") ? host.slice(1, -1) : host)

/** A guard of this policy that asks this resolver. */
export const make = (
  policy: TargetPolicy,
  resolver: Resolver.Resolver["Type"],
): TargetGuard["Type"] => {
  const refuse = (host: string, reason: string) => Either.left(new TargetRefused({ host, reason }))

  /** `host` as the URL parser writes it: IPv4 in decimal, IPv6 in lower case, names in ASCII. */
  const checkCanonical = (host: string, port: number): Either.Either<string, TargetRefused> => {
    if (policy.ports !== undefined && !policy.ports.includes(port)) {
      return refuse(host, `must not be connected to on port ${port}`)
    }
    if (policy.allowPrivateTargets) return Either.right(host)
    if (isIP(host) !== 0) {
      const kind = nonPublicKind(host)
      return kind === undefined ? Either.right(host) : refuse(host, `is ${kind}`)
    }
    const name = host.replace(/\.$/, "")
    return !name.includes(".") || PRIVATE_NAME.test(name)
      ? refuse(host, "is not a public host name")
      : Either.right(host)
  }

  const parse = (url: string): Either.Either<URL, TargetRefused> => {
    if (url.length > MAX_URL_LENGTH)
      return refuse("", `is longer than ${MAX_URL_LENGTH} characters`)
    return URL.canParse(url) ? Either.right(new URL(url)) : refuse("", "is not a valid URL")
  }

  return {
    policy,
    checkUrl: (text) =>
      Either.flatMap(parse(text), (url) => {
        const isHttps = url.protocol === "https:"
        if (!isHttps && url.protocol !== "http:") return refuse("", "must be an http or https URL")
        if (url.username !== "" || url.password !== "") {
          return refuse("", "must not carry a user name or password")
        }
        const port = url.port === "" ? (isHttps ? 443 : 80) : Number(url.port)
        return Either.map(checkCanonical(withoutBrackets(url.hostname), port), () => url)
      }),
    checkHost: (host, port) => {
      const bare = withoutBrackets(host)
      const authority = bare.includes(":") ? `[${bare}]` : bare
      const isPlain = !/[/?#@\\]/.test(bare) && URL.canParse(`http://${authority}`)
      return isPlain
        ? checkCanonical(withoutBrackets(new URL(`http://${authority}`).hostname), port)
        : refuse("", "is not a valid host")
    },
    resolve: (target) =>
      Effect.gen(function* () {
        const host = withoutBrackets(target)
        const addresses = isIP(host) === 0 ? yield* resolver.resolve(host) : [host]
        if (policy.allowPrivateTargets) return addresses
        for (const address of addresses) {
          const kind = nonPublicKind(address)
          if (kind !== undefined) {
            const reason = address === host ? `is ${kind}` : `has an address that is ${kind}`
            return yield* new TargetRefused({ host, reason })
          }
        }
        return addresses
      }),
  }
}

/** A guard that asks the `Resolver` in the context. */
export const layer = (policy: TargetPolicy) =>
  Layer.effect(
    TargetGuard,
    Effect.map(Resolver.Resolver, (resolver) => make(policy, resolver)),
  )

/** The policy and the resolver that fits it: tenants' names are asked of DNS and nothing else. */
export const layerDefault = (policy: TargetPolicy) =>
  layer(policy).pipe(
    Layer.provide(policy.allowPrivateTargets ? Resolver.layerSystem : Resolver.layerDns),
  )

/** As `EVENTLOOM_ALLOW_PRIVATE_TARGETS` says; without it, only public targets. */
export const layerConfig = Layer.unwrapEffect(
  Effect.map(
    Config.withDefault(Config.boolean("EVENTLOOM_ALLOW_PRIVATE_TARGETS"), false),
    (allowPrivateTargets) => layerDefault({ allowPrivateTargets }),
  ),
)
