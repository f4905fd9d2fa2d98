// Connection strings of libpq in their other form, `host=db.example port=5432 user=me password='a b'`, as
// URLs.

import { Option } from "effect"

const pair = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/y

/** The URL that says the same; none for what is no such string. */
export const urlOfKeywords = (text: string): Option.Option<string> => {
  const values = new Map<string, string>()
  let at = 0
  const end = text.trimEnd().length
  while (at < end) {
    pair.lastIndex = at
    const found = pair.exec(text)
    const [whole = "", name, quoted, bare = ""] = found ?? []
    if (name === undefined) return Option.none()
    values.set(name, (quoted ?? bare).replace(/\\(.)/g, "$1"))
    at += whole.length
  }
  if (values.size === 0) return Option.none()
  const take = (...names: ReadonlyArray<string>): string => {
    const found = names.map((name) => values.get(name)).find((value) => value !== undefined)
    for (const name of names) values.delete(name)
    return found ?? ""
  }
  const stated = take("hostaddr", "host")
  const [port, database] = [take("port"), encodeURIComponent(take("dbname"))]
  // A socket's folder is no host of a URL, which then has no place for a user either.
  const isFolder = stated.startsWith("/")
  const [user, password] = isFolder
    ? ["", ""]
    : [encodeURIComponent(take("user")), encodeURIComponent(take("password"))]
  if (isFolder) values.set("host", stated)
  const host = isFolder ? "" : stated.includes(":") ? `[${stated}]` : stated || "localhost"
  const credentials = user === "" ? "" : `${user}${password === "" ? "" : `:${password}`}@`
  const authority = `${credentials}${host}${port === "" || isFolder ? "" : `:${port}`}`
  if (isFolder && port !== "") values.set("port", port)
  const query = new URLSearchParams([...values]).toString()
  const url = `postgresql://${authority}/${database}${query === "" ? "" : `?${query}`}`
  return URL.canParse(url) ? Option.some(url) : Option.none()
}
