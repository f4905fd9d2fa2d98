// Parcels over HTTP: one POST each, the JSON as the body. The status of the answer decides.
//
// `idempotency-key` (draft-ietf-httpapi-idempotency-key-header) is the same for every attempt at a
// parcel, so that a receiver can tell a repetition.

import { Duration, Effect, Exit, Redacted, type Scope } from "effect"
import type { Outcome } from "../../domain/index.js"
import type { Agents } from "../transports/webhook/Agents.js"
import { Attempt } from "../transports/webhook/Attempt.js"
import type { Deadlines } from "../transports/webhook/Deadlines.js"
import { openContext } from "../transports/webhook/OpenContext.js"
import type { ParcelSink } from "./ParcelSink.js"

export interface HttpSinkOptions {
  /** May carry a user name and password, which are sent as Basic credentials (RFC 7617). */
  readonly url: Redacted.Redacted<URL>
  /** What keys begin with: they are told apart within it. */
  readonly keysOf: string
}

export const timeouts = {
  connectTimeout: Duration.seconds(10),
  timeout: Duration.seconds(15),
}

export const httpSink = (
  connections: { readonly agents: Agents; readonly deadlines: Deadlines },
  options: HttpSinkOptions,
): Effect.Effect<ParcelSink, never, Scope.Scope> =>
  Effect.gen(function* () {
    const url = Redacted.value(options.url)
    const context = yield* openContext(connections, url.origin, timeouts)
    const path = `${url.pathname}${url.search}`
    const fixed = [
      "content-type",
      "application/json",
      "user-agent",
      "Eventloom",
      ...authorization(url),
    ]
    return {
      name: url.origin,
      triesRejectedAgain: true,
      send: ({ json, key }) =>
        Effect.async<Outcome>((resume) => {
          const attempt = new Attempt(context, (outcome) => resume(Exit.succeed(outcome)))
          const headers = [...fixed, "idempotency-key", `"${options.keysOf}/${key}"`]
          const body = Buffer.from(json)
          context.pool.dispatch({ path, method: "POST", headers, body }, attempt)
          return Effect.sync(() => attempt.cancel())
        }),
    }
  })

const authorization = ({ password, username }: URL): ReadonlyArray<string> => {
  if (username === "" && password === "") return []
  const credentials = `${decoded(username)}:${decoded(password)}`
  return ["authorization", `Basic ${Buffer.from(credentials).toString("base64")}`]
}

/** What is no valid escape stands for itself. */
const decoded = (text: string): string =>
  text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) =>
    Buffer.from(escapes.replaceAll("%", ""), "hex").toString(),
  )
