// The connections to one origin: as many lanes as requests were ever in flight at once, up to a
// limit, beyond which requests wait in line. A lane is an undici client: one socket, opened when it is
// needed, for one request at a time.
//
// The lane that became free last is used first, so sockets that are not needed fall idle and are
// closed. (Undici's own pool prefers a new socket to one whose answer has just been read, and opens
// twice as many under load.) A request that is given up takes its lane with it: undici, told to
// abort, would open a new socket for nobody.

import type { Client, Dispatcher } from "undici"

export interface Lane {
  readonly client: Client
  /** Gives up the connection that is being opened, if one is. */
  readonly cancelConnect: () => void
}

/** A request that knows where it stands. */
export interface PooledRequest extends Dispatcher.DispatchHandler {
  /** Set by the pool while undici has the request. */
  lane: Lane | undefined
  /** The pool is closed, and the request was never sent. */
  readonly closed: () => void
}

type Options = Dispatcher.DispatchOptions

const givenUp = new Error("the request was given up")
const ignore = () => undefined

export class OriginPool {
  readonly #open: () => Lane
  readonly #limit: number
  readonly #lanes = new Set<Lane>()
  readonly #idle: Array<Lane> = []
  /** In order of arrival. */
  readonly #waiting = new Map<PooledRequest, Options>()

  constructor(limit: number, open: () => Lane) {
    this.#limit = limit
    this.#open = open
  }

  dispatch(options: Options, request: PooledRequest): void {
    const lane = this.#idle.pop() ?? this.#grow()
    if (lane === undefined) this.#waiting.set(request, options)
    else this.#start(lane, options, request)
  }

  /** To be called from within the last callback of a request: its lane is free for the next. */
  release(request: PooledRequest): void {
    const { lane } = request
    request.lane = undefined
    if (lane === undefined || !this.#lanes.has(lane)) return
    const isTaken = this.#startNext(lane)
    if (!isTaken) this.#idle.push(lane)
  }

  /** Gives a request up, wherever it is; its callbacks may still be called. */
  abandon(request: PooledRequest): void {
    if (this.#waiting.delete(request)) return
    const { lane } = request
    request.lane = undefined
    if (lane === undefined || !this.#lanes.delete(lane)) return
    lane.cancelConnect()
    lane.client.destroy(givenUp, ignore)
    if (this.#waiting.size === 0) return
    const replacement = this.#grow()
    if (replacement !== undefined) this.#startNext(replacement)
  }

  /** Ends every request and closes every socket. */
  async close(): Promise<void> {
    const lanes = [...this.#lanes]
    const waiting = [...this.#waiting.keys()]
    this.#lanes.clear()
    this.#waiting.clear()
    for (const request of waiting) request.closed()
    await Promise.all(
      lanes.map(({ cancelConnect, client }) => {
        cancelConnect()
        return client.destroy()
      }),
    )
  }

  #grow(): Lane | undefined {
    if (this.#lanes.size >= this.#limit) return undefined
    const lane = this.#open()
    this.#lanes.add(lane)
    return lane
  }

  #start(lane: Lane, options: Options, request: PooledRequest): void {
    request.lane = lane
    lane.client.dispatch(options, request)
  }

  #startNext(lane: Lane): boolean {
    for (const [request, options] of this.#waiting) {
      this.#waiting.delete(request)
      this.#start(lane, options, request)
      return true
    }
    return false
  }
}
