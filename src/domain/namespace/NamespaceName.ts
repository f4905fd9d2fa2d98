// A namespace's name: a tenant, in the form of a domain name.
//
// Lower-case ASCII letters, digits and hyphens in dot-separated labels (RFC 1123), so a name never
// needs escaping in a path, a header, a metric label or SQL, and no two names look alike.

import { Either, Schema } from "effect"

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"

export const NamespaceName = Schema.String.pipe(
  Schema.maxLength(253),
  Schema.pattern(new RegExp(`^${label}(?:\\.${label})*$`)),
  Schema.brand("NamespaceName"),
).annotations({
  identifier: "NamespaceName",
  description:
    "Lower-case domain-like name of a namespace: labels of a-z, 0-9 and '-', joined by dots",
  message: () =>
    "must be 1 to 253 characters: labels of a-z, 0-9 and inner '-', at most 63 each, joined by dots",
})
export type NamespaceName = typeof NamespaceName.Type

const decode = Schema.decodeUnknownEither(NamespaceName)

/** The name, or undefined when the text is not one. For hot paths that answer 404 or 422 themselves. */
export const namespaceName = (text: string): NamespaceName | undefined =>
  Either.getOrUndefined(decode(text))
