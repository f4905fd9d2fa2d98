// Port of name resolution: a host name to its addresses, all of them, asked at the moment of use.

import { promises as dns } from "node:dns"
import { Context, Duration, Effect, Either, Layer, Schema } from "effect"

/** The name has no address, or nobody could say. Transient as far as anyone knows. */
export class HostUnresolved extends Schema.TaggedError<HostUnresolved>()("HostUnresolved", {
  host: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `The host "${this.host}" cannot be resolved: ${this.reason}`
  }
}

export class Resolver extends Context.Tag("eventloom/Resolver")<
  Resolver,
  {
    /** The addresses of a name, in textual form and in order of preference; at least one. */
    readonly resolve: (host: string) => Effect.Effect<ReadonlyArray<string>, HostUnresolved>
  }
>() {}

const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : "the lookup failed"

/**
 * As the operating system resolves: the hosts file, then whatever it is configured to ask.
 * It works on a pool of few threads, which names that nobody answers for can occupy.
 */
export const layerSystem = Layer.succeed(Resolver, {
  resolve: (host) =>
    Effect.tryPromise({
      try: () => dns.lookup(host, { all: true, verbatim: true }),
      catch: (cause) => new HostUnresolved({ host, reason: codeOf(cause) }),
    }).pipe(
      Effect.map((answers) => answers.map(({ address }) => address)),
      Effect.filterOrFail(
        (addresses) => addresses.length > 0,
        () => new HostUnresolved({ host, reason: "it has no address" }),
      ),
    ),
})

export interface DnsOptions {
  /** Addresses of name servers, with a port where it is not 53; by default those of the system. */
  readonly servers?: ReadonlyArray<string>
  /** How long to wait for an answer, each time. */
  readonly timeout: Duration.Duration
  readonly tries: number
}

const defaultDnsOptions: DnsOptions = { timeout: Duration.seconds(3), tries: 2 }

/**
 * By asking the name servers directly, without the hosts file. Names that nobody answers for hold
 * up nothing but themselves, so this is what serves tenants who choose the names.
 */
export const layerDnsOf = ({ servers, timeout, tries }: DnsOptions) =>
  Layer.sync(Resolver, () => {
    const resolver = new dns.Resolver({ timeout: Duration.toMillis(timeout), tries })
    if (servers !== undefined) resolver.setServers(servers)
    const query = (host: string, ask: () => Promise<ReadonlyArray<string>>) =>
      Effect.either(
        Effect.tryPromise({
          try: ask,
          catch: (cause) => new HostUnresolved({ host, reason: codeOf(cause) }),
        }),
      )
    return {
      resolve: (host) =>
        Effect.all(
          [query(host, () => resolver.resolve6(host)), query(host, () => resolver.resolve4(host))],
          { concurrency: "unbounded" },
        ).pipe(
          Effect.flatMap((families) => {
            const addresses = families.flatMap(Either.getOrElse(() => []))
            const [, v4] = families
            if (addresses.length > 0) return Effect.succeed(addresses)
            return Either.isLeft(v4) ? v4.left : new HostUnresolved({ host, reason: "ENODATA" })
          }),
        ),
    }
  })

/** By asking the name servers that the system is configured with. */
export const layerDns = layerDnsOf(defaultDnsOptions)

/** Always the same answers; other names are unresolved. For tests and closed networks. */
export const layerFixed = (answers: Readonly<Record<string, ReadonlyArray<string>>>) =>
  Layer.succeed(Resolver, {
    resolve: (host) => {
      const addresses = answers[host] ?? []
      return addresses.length > 0
        ? Effect.succeed(addresses)
        : new HostUnresolved({ host, reason: "ENOTFOUND" })
    },
  })
