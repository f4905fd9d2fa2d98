// The URL of a source's database. `sslmode` means what it means to libpq and psql: `require` encrypts,
// `verify-ca` and `verify-full` check who the server is, `prefer` (which is what holds where nothing is
// said) and `allow` encrypt if they can. So does `channel_binding`: `prefer`, `require` or `disable`.

import { Redacted } from "effect"

const schemes: ReadonlySet<string> = new Set(["postgres:", "postgresql:"])

const parse = (url: Redacted.Redacted): URL | undefined => {
  const text = Redacted.value(url)
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  return parsed !== undefined && schemes.has(parsed.protocol) ? parsed : undefined
}

/** `host:port/database`, and nothing that is secret. Undefined for what is no such URL. */
export const describeUrl = (url: Redacted.Redacted): string | undefined => {
  const parsed = parse(url)
  if (parsed === undefined) return undefined
  const { hostname, pathname, port, searchParams } = parsed
  const host = hostname === "" ? (searchParams.get("host") ?? "localhost") : hostname
  return `${host}:${port === "" ? "5432" : port}${pathname}`
}

/** What to connect with, in order: the second only where the first cannot have TLS. */
export const connectionStrings = (url: Redacted.Redacted): ReadonlyArray<string> => {
  const parsed = parse(url)
  if (parsed === undefined) return []
  const { searchParams } = parsed
  // Which of the connections replicates is not for the URL to say.
  searchParams.delete("replication")
  const mode = searchParams.get("sslmode") ?? "prefer"
  // A word of the driver's own, for servers whose certificate nobody can check.
  if (mode === "no-verify") return [parsed.href]
  searchParams.set("uselibpqcompat", "true")
  if (mode !== "prefer" && mode !== "allow") return [parsed.href]
  searchParams.set("sslmode", "prefer")
  const first = parsed.href
  searchParams.set("sslmode", "disable")
  return [first, parsed.href]
}

export type ChannelBinding = "disable" | "prefer" | "require"

/** Whether the login is to be bound to the TLS connection, so that nobody in between can pass it on. */
export const channelBinding = (url: Redacted.Redacted): ChannelBinding => {
  const said = parse(url)?.searchParams.get("channel_binding")
  return said === "disable" || said === "require" ? said : "prefer"
}
