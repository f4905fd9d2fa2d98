// Connections to endpoints: one pool per origin, shared by all sinks that send there and
// closed with the last of them. Requests to one origin share its kept-alive sockets and no others,
// so an origin that hangs holds up nothing elsewhere.

import { Duration, Effect, RcMap, type Scope } from "effect"
import { Client } from "undici"
import { TargetGuard } from "../guard/TargetGuard.js"
import * as Connector from "./Connector.js"
import { OriginPool } from "./OriginPool.js"
import { MAX_CONNECT_TIMEOUT } from "./WebhookOptions.js"

export interface AgentsOptions {
  /**
   * Sockets to one origin. What a single sink has in flight is bounded by its concurrency; this bounds
   * all that share the origin.
   */
  readonly connectionsPerOrigin: number
  /** How long an unused socket stays open. */
  readonly keepAlive: Duration.Duration
  /** Certificate authorities besides those that Node knows by itself, in PEM. */
  readonly ca?: ReadonlyArray<string>
}

export const defaultAgentsOptions: AgentsOptions = {
  connectionsPerOrigin: 1_024,
  keepAlive: Duration.seconds(10),
}

/** The longest that an endpoint's own keep-alive hint is followed. */
const MAX_KEEP_ALIVE = Duration.minutes(1)
const MAX_HEADER_BYTES = 16_384

export interface Agents {
  /** The pool of an origin (`https://host:port`), held until the scope closes. */
  readonly pool: (origin: string) => Effect.Effect<OriginPool, never, Scope.Scope>
}

export const make = (
  options: AgentsOptions = defaultAgentsOptions,
): Effect.Effect<Agents, never, TargetGuard | Scope.Scope> =>
  Effect.gen(function* () {
    const guard = yield* TargetGuard
    const { ca, connectionsPerOrigin, keepAlive } = options

    const open = (origin: string) =>
      Effect.gen(function* () {
        const connector = yield* Connector.make(guard, {
          timeout: MAX_CONNECT_TIMEOUT,
          ...(ca === undefined ? {} : { ca }),
        })
        const lane = () => {
          const { cancel, connect } = connector()
          const client = new Client(origin, {
            connect,
            pipelining: 1,
            keepAliveTimeout: Duration.toMillis(keepAlive),
            keepAliveMaxTimeout: Duration.toMillis(MAX_KEEP_ALIVE),
            maxHeaderSize: MAX_HEADER_BYTES,
            // Deadlines are kept by `Deadlines`, over the whole of an attempt.
            headersTimeout: 0,
            bodyTimeout: 0,
          })
          return { client, cancelConnect: cancel }
        }
        const acquire = Effect.sync(() => new OriginPool(connectionsPerOrigin, lane))
        return yield* Effect.acquireRelease(acquire, (pool) => Effect.promise(() => pool.close()))
      })

    const pools = yield* RcMap.make({ lookup: open })
    return { pool: (origin) => RcMap.get(pools, origin) }
  })
