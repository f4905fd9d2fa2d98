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
  /** How often something is written to an event stream, if only to show that it lives. */
  readonly streamHeartbeat: Duration.Duration
  /** How long a client of an event stream is asked to wait before it connects again. */
  readonly streamRetry: Duration.Duration
  /** A client that takes nothing of an event stream for this long is cut off; it can resume. */
  readonly streamStalled: Duration.Duration
}

export const defaultServerLimits: ServerLimits = {
  maxHeaderBytes: 32 * 1024,
  headersTimeout: Duration.seconds(15),
  requestTimeout: Duration.minutes(1),
  checkInterval: Duration.seconds(5),
  keepAlive: Duration.seconds(75),
  maxConnections: 10_000,
  closeDeadline: Duration.seconds(10),
  streamHeartbeat: Duration.seconds(15),
  streamRetry: Duration.seconds(2),
  streamStalled: Duration.minutes(2),
}
