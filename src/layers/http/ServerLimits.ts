// How much a client may take of the server: time, headers, connections.

import { Duration } from "effect"

export interface ServerLimits {
  /** Request line and headers together. */
  readonly maxHeaderBytes: number
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeout: Duration.Duration
  /** From the first byte of a request to its last. */
  readonly requestTimeout: Duration.Duration
  /** How often the two are checked. */
  readonly checkInterval: Duration.Duration
  /** How long a connection may wait for its next request. Longer than usual proxies keep theirs. */
  readonly keepAlive: Duration.Duration
  readonly maxConnections: number
  /** How long requests under way may take to end when the server closes. */
  readonly closeDeadline: Duration.Duration
}

export const defaultServerLimits: ServerLimits = {
  maxHeaderBytes: 32 * 1024,
  headersTimeout: Duration.seconds(15),
  requestTimeout: Duration.minutes(1),
  checkInterval: Duration.seconds(5),
  keepAlive: Duration.seconds(75),
  maxConnections: 10_000,
  closeDeadline: Duration.seconds(10),
}
