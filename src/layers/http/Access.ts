// Who a request is from, told from its headers.
//
// A namespace key is what it is, wherever it is presented. Apart from keys, with an operator's token it
// is whoever bears it; without one, whoever is on this machine: the server is on loopback then, and
// refuses what a web page could have a browser send there, which shows in a foreign Origin, or,
// after DNS rebinding, in a foreign Host.

import { createHash, timingSafeEqual } from "node:crypto"
import { isIP } from "node:net"
import type { IncomingHttpHeaders } from "node:http"
import { Context, Effect, Either, Option, Redacted } from "effect"
import type { MeshService } from "../../actors/index.js"
import { type Caller, isKeyToken, keyIdOf, type NamespaceKey } from "../../domain/index.js"
import { Problem } from "./Problem.js"
import { problemOf } from "./ProblemOf.js"

export interface AccessRules {
  /** Why the request must not even be looked at, whatever its path; undefined when it may. */
  readonly refusal: (headers: IncomingHttpHeaders) => Problem | undefined
  /** Who it is from, if that can be said without asking the store. */
  readonly identify: (headers: IncomingHttpHeaders) => Either.Either<Caller, Problem> | undefined
  /** The same, asking the store where it has to be. */
  readonly authenticate: (headers: IncomingHttpHeaders) => Effect.Effect<Caller, Problem>
}

export class Access extends Context.Tag("eventloom/http/Access")<Access, AccessRules>() {}

export interface AccessOptions {
  readonly keys: Pick<MeshService["keys"], "known" | "authenticate">
  /** The operator's token: who bears it may do everything. */
  readonly adminToken: Redacted.Redacted | undefined
}

export const accessRules = ({ adminToken, keys }: AccessOptions): AccessRules => {
  const others = adminToken === undefined ? everybodyHere : bearerOf(adminToken)
  /** The token, where it is a key's; else who it is. */
  const claimed = ({
    authorization,
  }: IncomingHttpHeaders): string | Either.Either<Caller, Problem> => {
    const token = authorization === undefined ? undefined : bearerForm.exec(authorization)?.[1]
    return token !== undefined && others.leaves(token) ? token : others.caller(authorization, token)
  }
  return {
    refusal: adminToken === undefined ? foreign : () => undefined,
    identify: (headers) => {
      const claim = claimed(headers)
      if (typeof claim !== "string") return claim
      const key = keys.known(claim)
      return key === undefined ? undefined : bearer(key)
    },
    authenticate: (headers) =>
      Effect.suspend((): Effect.Effect<Caller, Problem> => {
        const claim = claimed(headers)
        return typeof claim === "string"
          ? Effect.flatMap(Effect.mapError(keys.authenticate(claim), problemOf), bearer)
          : claim
      }),
  }
}

const bearerForm = /^Bearer +([^ ]+) *$/i

/** Who it is from when it is from no key. */
interface Others {
  /** Whether a token is left to the keys. */
  readonly leaves: (token: string) => boolean
  readonly caller: (
    authorization: string | undefined,
    token: string | undefined,
  ) => Either.Either<Caller, Problem>
}

const operator: Either.Either<Caller> = Either.right({ kind: "operator" })

/** Whoever bears the token is the operator. Tokens are compared by hash, in constant time. */
const bearerOf = (adminToken: Redacted.Redacted): Others => {
  const expected = digest(Redacted.value(adminToken))
  return {
    leaves: (token) => keyIdOf(token) !== undefined,
    caller: (authorization, token) => {
      if (authorization === undefined) return unauthorized("An Authorization header is required.")
      if (token === undefined) {
        return unauthorized("The Authorization header must be Bearer <token>.")
      }
      return timingSafeEqual(digest(token), expected)
        ? operator
        : unauthorized("The token is wrong.")
    },
  }
}

/** Whoever is on this machine is the operator, but for who presents a key, good or not. */
const everybodyHere: Others = { leaves: isKeyToken, caller: () => operator }

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

const bearer = Option.match({
  onNone: () => unauthorized("The key is unknown, revoked or expired."),
  onSome: (key: NamespaceKey): Either.Either<Caller, Problem> => Either.right({ kind: "key", key }),
})

const unauthorized = (detail: string): Either.Either<never, Problem> =>
  Either.left(
    new Problem({
      status: 401,
      kind: "unauthorized",
      detail,
      field: "authorization",
      headers: { "www-authenticate": 'Bearer realm="eventloom"' },
    }),
  )

/** This machine is served, and no web page. */
const foreign: AccessRules["refusal"] = ({ host, origin }) => {
  if (!isLoopbackHost(hostOf(host ?? ""))) return forbidden("host")
  if (origin === undefined) return undefined
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  return url !== undefined && url.host === host?.toLowerCase() ? undefined : forbidden("origin")
}

const forbidden = (field: "host" | "origin") =>
  new Problem({
    status: 403,
    kind: `foreign-${field}`,
    detail: `Without an operator's token only this machine is served, and the ${field} is another.`,
    field,
  })

/** The host of `host:port`, an IPv6 address without its brackets. */
const hostOf = (authority: string): string => {
  const [, bracketed, plain] =
    /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(authority) ?? []
  return (bracketed ?? plain ?? "").toLowerCase()
}

/** A loopback address (127.0.0.0/8 or ::1), or a name that stands for one (RFC 6761). */
export const isLoopbackHost = (host: string): boolean =>
  isIP(host) === 4 ? host.startsWith("127.") : host === "::1" || host === "localhost"
