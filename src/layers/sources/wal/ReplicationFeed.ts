// The streaming side of a replication connection: frames in, positions out.
//
// Frames wait in a bounded queue; when it is full the socket is no longer read, and the server waits.
// It hears from us all the same: every few seconds, and whenever it asks, so that it does not take us
// for dead. Each time it is asked for an answer, which tells how far it is and that it lives.

import { Effect } from "effect"
import type { Client } from "pg"
import { type ChangeFrame, Keepalive } from "../../../actors/index.js"
import { SourceProblem, Wal } from "../../../domain/index.js"
import { isCopyData } from "./CopyOut.js"
import { problemOf } from "./ServerProblem.js"

/** Bytes that may wait; each frame counts some more for its object. */
const highBytes = 4 * 1024 * 1024
const lowBytes = 1024 * 1024
const frameOverhead = 128
/** Frames in one answer: other work has a turn between two. */
const framesAtOnce = 1024

const letterData = 0x77
const letterKeepalive = 0x6b
/** Of an XLogData: kind, start, end, clock. */
const dataHeader = 25

/** Told soon, but not once for each of thousands of small transactions. */
const confirmDelayMillis = 50

export interface FeedOptions {
  readonly confirmed: Wal.Lsn
  /** How often to say where we are. */
  readonly statusMillis: number
  /** A server that says nothing for so long is gone. */
  readonly silenceMillis: number
  /**
   * Run where the server has begun to leave out changes because it finds no publication for them:
   * what follows is given out only when this has succeeded.
   */
  readonly publicationSkipped: Effect.Effect<void, SourceProblem>
}

/** Stands in the queue where the server said that it skips a publication. */
const skipMark = Symbol("a publication was skipped")

/**
 * From version 18 on, the server warns of a publication that it does not find, and goes on without;
 * before, that was an error. The name of its function is the only part of the warning that is not
 * translated.
 */
const isSkipWarning = (notice: unknown): boolean =>
  typeof notice === "object" &&
  notice !== null &&
  "routine" in notice &&
  notice.routine === "LoadPublications"

export class ReplicationFeed {
  readonly #client: Client
  readonly #options: FeedOptions
  readonly #timer: NodeJS.Timeout
  #frames: Array<ChangeFrame | typeof skipMark> = []
  /** How many marks are among the frames. */
  #marks = 0
  #bytes = 0
  #paused = false
  #waiting: (() => void) | undefined
  #problem: SourceProblem | undefined
  #confirmed: Wal.Lsn
  #confirmTimer: NodeJS.Timeout | undefined
  #heardAt: number

  constructor(client: Client, options: FeedOptions) {
    this.#client = client
    this.#options = options
    this.#confirmed = options.confirmed
    this.#heardAt = performance.now()
    client.connection.on("copyData", (message: unknown) => {
      if (isCopyData(message)) this.#receive(message.chunk)
    })
    client.connection.on("copyDone", () =>
      this.end(problemOf(new Error("the server has ended the stream"))),
    )
    client.on("notice", (notice: unknown) => {
      if (isSkipWarning(notice)) this.#mark()
    })
    client.on("error", (error) => this.end(problemOf(error)))
    client.on("end", () => this.end(problemOf(new Error("the connection was closed"))))
    this.#timer = setInterval(() => this.#tick(), options.statusMillis)
  }

  /** The first reason counts. Frames that have come are still given out. */
  end(problem: SourceProblem): void {
    this.#problem ??= problem
    this.#wake()
  }

  get take(): Effect.Effect<ReadonlyArray<ChangeFrame>, SourceProblem> {
    return Effect.async((resume) => {
      const answer = () => {
        if (this.#frames[0] === skipMark) {
          this.#frames.shift()
          this.#marks -= 1
          return resume(Effect.zipRight(this.#options.publicationSkipped, this.take))
        }
        if (this.#frames.length > 0) return resume(Effect.succeed(this.#takeSome()))
        if (this.#problem !== undefined) return resume(this.#problem)
        this.#waiting = answer
      }
      // Through the event loop, so that a stream that never pauses leaves room for others.
      const immediate = setImmediate(answer)
      return Effect.sync(() => {
        clearImmediate(immediate)
        this.#waiting = undefined
      })
    })
  }

  confirm(place: Wal.Lsn): void {
    if (place <= this.#confirmed) return
    this.#confirmed = place
    this.#confirmTimer ??= setTimeout(() => {
      this.#confirmTimer = undefined
      this.#tell(false)
    }, confirmDelayMillis)
  }

  /** Wants to hear from the server. */
  ask(): void {
    this.#tell(true)
  }

  /** Says a last time where we are, and waits until that is written. */
  get close(): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      clearInterval(this.#timer)
      clearTimeout(this.#confirmTimer)
      const { stream } = this.#client.connection
      if (this.#problem !== undefined || !stream.writable) return resume(Effect.void)
      this.#tell(false)
      stream.write(copyDone, () => resume(Effect.void))
    }).pipe(Effect.timeout("1 second"), Effect.ignore)
  }

  #receive(chunk: Buffer): void {
    this.#heardAt = performance.now()
    switch (chunk[0]) {
      case letterData: {
        // The driver may use its buffer again.
        const frame = Buffer.from(chunk.subarray(dataHeader))
        this.#frames.push(frame)
        this.#bytes += frame.length + frameOverhead
        break
      }
      case letterKeepalive: {
        this.#frames.push(new Keepalive(Wal.Lsn.make(chunk.readBigUInt64BE(1))))
        this.#bytes += frameOverhead
        if (chunk[17] === 1) this.#tell(false)
        break
      }
      default:
        this.end(
          new SourceProblem({
            code: "protocol",
            reason:
              "The server sent a kind of message that the replication protocol does not have.",
          }),
        )
    }
    if (this.#bytes > highBytes && !this.#paused) {
      this.#paused = true
      this.#client.connection.stream.pause()
    }
    this.#wake()
  }

  #mark(): void {
    this.#frames.push(skipMark)
    this.#marks += 1
    this.#wake()
  }

  /** Up to a mark. */
  #takeSome(): ReadonlyArray<ChangeFrame> {
    const all = this.#frames
    const end = this.#marks === 0 ? all.length : all.indexOf(skipMark)
    const count = Math.min(end, framesAtOnce)
    const some = (count === all.length ? all : all.slice(0, count)).filter(
      (frame) => frame !== skipMark,
    )
    this.#frames = count === all.length ? [] : all.slice(count)
    for (const frame of some) {
      this.#bytes -= frameOverhead + (frame instanceof Keepalive ? 0 : frame.length)
    }
    if (this.#paused && this.#bytes < lowBytes) {
      this.#paused = false
      this.#heardAt = performance.now()
      this.#client.connection.stream.resume()
    }
    return some
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.()
  }

  #tick(): void {
    const silent = performance.now() - this.#heardAt
    if (!this.#paused && silent > this.#options.silenceMillis) {
      this.end(problemOf(new Error(`the server has said nothing for ${Math.round(silent)} ms`)))
      this.#client.connection.stream.destroy()
      return
    }
    this.#tell(true)
  }

  /** A standby status update. What is received, flushed and applied is the same to a reader like us. */
  #tell(wantsAnswer: boolean): void {
    const { stream } = this.#client.connection
    if (stream.writable) stream.write(statusUpdate(this.#confirmed, wantsAnswer))
  }
}

const statusUpdate = (place: Wal.Lsn, wantsAnswer: boolean): Buffer => {
  const message = Buffer.alloc(5 + 34)
  message.write("d")
  message.writeInt32BE(message.length - 1, 1)
  message.write("r", 5)
  for (const offset of [6, 14, 22]) message.writeBigUInt64BE(place, offset)
  message.writeBigInt64BE(Wal.millisToPgMicros(Date.now()), 30)
  message.writeUInt8(wantsAnswer ? 1 : 0, 38)
  return message
}

const copyDone = Buffer.from([0x63, 0, 0, 0, 4])
