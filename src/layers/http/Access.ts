// Who may talk to the server, decided from a request's headers alone.
//
// With an operator's token, whoever bears it. Without one, whoever is on this machine: the server is
// on loopback then, and refuses what a web page could have a browser send there, which shows in a
// foreign Origin, or, after DNS rebinding, in a foreign Host.

import { createHash, timingSafeEqual } from "node:crypto"
import { isIP } from "node:net"
import type { IncomingHttpHeaders } from "node:http"
import { Context, Either, Redacted } from "effect"
import { Problem } from "./Problem.js"

/** Who sends a request, and with that what they may do. The operator may do everything. */
export type Caller = { readonly kind: "operator" }

export interface AccessRules {
  /** Why the request must not even be looked at, whatever its path; undefined when it may. */
  readonly refusal: (headers: IncomingHttpHeaders) => Problem | undefined
  readonly identify: (headers: IncomingHttpHeaders) => Either.Either<Caller, Problem>
}

export class Access extends Context.Tag("eventloom/http/Access")<Access, AccessRules>() {}

const operator: Either.Either<Caller> = Either.right({ kind: "operator" })

/** Whoever bears the token is the operator. Tokens are compared by hash, in constant time. */
export const withToken = (token: Redacted.Redacted): AccessRules => {
  const expected = digest(Redacted.value(token))
  return {
    refusal: () => undefined,
    identify: ({ authorization }) => {
      if (authorization === undefined) return unauthorized("An Authorization header is required.")
      const [, given] = /^Bearer +([^ ]+) *$/i.exec(authorization) ?? []
      if (given === undefined)
        return unauthorized("The Authorization header must be Bearer <token>.")
      return timingSafeEqual(digest(given), expected)
        ? operator
        : unauthorized("The token is wrong.")
    },
  }
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

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

/** Whoever is on this machine, and no web page. */
export const loopbackOnly: AccessRules = {
  refusal: ({ host, origin }) => {
    if (!isLoopbackHost(hostOf(host ?? ""))) return forbidden("host")
    if (origin === undefined) return undefined
    const url = URL.canParse(origin) ? new URL(origin) : undefined
    return url !== undefined && url.host === host?.toLowerCase() ? undefined : forbidden("origin")
  },
  identify: () => operator,
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
