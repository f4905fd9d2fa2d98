// Events of rows into an application of Hook0.

import { Effect, Either, type Redacted, type Scope } from "effect"
import { Outcome } from "../../domain/index.js"
import { hook0Client } from "../transports/hook0/Hook0Client.js"
import type { Agents } from "../transports/webhook/Agents.js"
import type { Deadlines } from "../transports/webhook/Deadlines.js"
import { openContext } from "../transports/webhook/OpenContext.js"
import type { Hook0Parcel } from "./Hook0Rows.js"
import { timeouts } from "./HttpSink.js"
import type { ParcelSink } from "./ParcelSink.js"

export interface Hook0SinkOptions {
  readonly url: URL
  readonly applicationId: string
  readonly token: Redacted.Redacted
  readonly createEventTypes: boolean
}

export const hook0Sink = (
  connections: { readonly agents: Agents; readonly deadlines: Deadlines },
  options: Hook0SinkOptions,
): Effect.Effect<ParcelSink<Hook0Parcel>, never, Scope.Scope> =>
  Effect.map(openContext(connections, options.url.origin, timeouts), (context) => {
    const { submit } = hook0Client(context, options)
    return {
      name: `Hook0 at ${options.url.origin}`,
      // Its answers say whose fault it is.
      triesRejectedAgain: false,
      send: ({ post }) =>
        Either.match(post, {
          onLeft: (reason) => Effect.succeed(Outcome.reject(reason)),
          onRight: submit,
        }),
    }
  })
