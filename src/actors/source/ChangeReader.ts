// From the messages of a server to batches of what is made of them: transactions in the order of their
// commits, each batch with the place that may be confirmed when it is safe.
//
// What comes inside a transaction that has committed is passed on at once, however long it is. What
// comes before the commit is kept until then, and read again.

import { Effect, Either } from "effect"
import { SourceProblem, Wal } from "../../domain/index.js"
import { type ChangeFrame, type ChangeStream, Keepalive } from "../ports/index.js"
import type { ChangeMaker, Emit } from "./ChangeMaker.js"
import { OpenTransactions } from "./OpenTransactions.js"
import type { SourceCounts } from "./SourceCounts.js"
import type { Entry, StreamGate } from "./StreamGate.js"

/** Items with the place up to which everything is in them, or was before. */
export interface Batch<Item> {
  readonly items: ReadonlyArray<Item>
  readonly place: Wal.Lsn | undefined
  /** Run when it is safe. */
  readonly safe?: () => void
}

export interface ReaderOptions<Item> {
  readonly stream: Pick<ChangeStream, "readText" | "spill" | "take">
  readonly maker: ChangeMaker<Item>
  readonly bufferBytes: number
  readonly counts: Pick<SourceCounts, "changes" | "transactions">
  /** Takes a batch, or waits until there is room. */
  readonly emit: (batch: Batch<Item>) => Effect.Effect<void>
  /** No batch holds more than one transaction, so that each is confirmed by itself. */
  readonly oneByOne?: boolean
  /** Lets in what did not come with the stream. */
  readonly gate?: StreamGate<Item>
}

/** A batch is passed on when it has this many items, or these bytes of messages. */
const batchItems = 1000
const batchBytes = 2 * 1024 * 1024

type Step = Effect.Effect<void, SourceProblem> | undefined

export class ChangeReader<Item> {
  readonly #options: ReaderOptions<Item>
  readonly #maker: ChangeMaker<Item>
  readonly #open: OpenTransactions
  readonly #emit: Emit<Item>
  #batch: Array<Item> = []
  #bytes = 0
  #place: Wal.Lsn | undefined
  /** The place that the next batch may name once no transaction is half read. */
  #inTransaction = false
  /** The transaction whose messages are being streamed, or are being prepared. */
  #streaming: Wal.Xid | undefined
  #preparing: Wal.Xid | undefined

  constructor(options: ReaderOptions<Item>) {
    this.#options = options
    this.#maker = options.maker
    this.#open = new OpenTransactions(options.bufferBytes, options.stream.spill)
    this.#emit = (item) => {
      this.#batch.push(item)
    }
  }

  /** Reads until the stream ends. */
  get run(): Effect.Effect<never, SourceProblem> {
    return Effect.forever(
      Effect.flatMap(this.#options.stream.take, (frames) =>
        Effect.zipRight(
          this.#each(frames, (frame) => this.#receive(frame)),
          Effect.suspend(() => this.#flush()),
        ),
      ),
    )
  }

  /** One after the other, through an effect only where a step needs one. */
  #each<A>(items: ReadonlyArray<A>, step: (item: A) => Step): Effect.Effect<void, SourceProblem> {
    let at = 0
    const go: Effect.Effect<void, SourceProblem> = Effect.suspend(() => {
      while (at < items.length) {
        const item = items[at++]
        const pending = item === undefined ? undefined : step(item)
        if (pending !== undefined) return Effect.zipRight(pending, go)
        if (this.#isFull) return Effect.zipRight(this.#flush(), go)
      }
      return Effect.void
    })
    return go
  }

  get #isFull(): boolean {
    return (
      this.#batch.length >= batchItems ||
      this.#bytes >= batchBytes ||
      (this.#place !== undefined && this.#batch.length > 0 && this.#options.oneByOne === true)
    )
  }

  #flush(): Effect.Effect<void> {
    if (this.#batch.length === 0 && this.#place === undefined) return Effect.void
    const batch = { items: this.#batch, place: this.#place }
    this.#batch = []
    this.#bytes = 0
    this.#place = undefined
    return this.#options.emit(batch)
  }

  #receive(frame: ChangeFrame): Step {
    if (frame instanceof Keepalive) {
      if (this.#inTransaction) return undefined
      this.#passed(frame.walEnd)
      return this.#admit(this.#options.gate?.passed(frame.walEnd))
    }
    const { readText } = this.#options.stream
    const decoded = Wal.decodeMessage(frame, { inStream: this.#streaming !== undefined, readText })
    return Either.isLeft(decoded)
      ? protocolFault(decoded.left.message)
      : this.#handle(decoded.right, frame)
  }

  #handle(message: Wal.PgOutputMessage, bytes: Uint8Array): Step {
    const kept = this.#streaming ?? this.#preparing
    switch (message.tag) {
      case "Insert":
      case "Update":
      case "Delete":
      case "Truncate":
      case "Message":
        return kept === undefined || (message.tag === "Message" && !message.transactional)
          ? this.#change(message, bytes.length)
          : this.#keep(kept, message.xid ?? kept, bytes)
      case "Relation":
        if (kept === undefined) return this.#maker.describe(message, this.#emit)
        this.#open.add(kept, message.xid ?? kept, bytes)
        // A server that streams tells it again to whom it does not stream; one that prepares does not.
        return this.#preparing === undefined ? undefined : this.#maker.describe(message)
      // A type is learnt from the catalog when a relation has a column of it; its name tells nothing.
      case "Type":
      case "Origin":
        return undefined
      case "Begin": {
        const begin = () => {
          this.#inTransaction = true
          this.#maker.begin(message, this.#emit)
        }
        const first = this.#admit(this.#options.gate?.before(message.xid, message.commitLsn))
        if (first !== undefined) return Effect.zipRight(first, Effect.sync(begin))
        begin()
        return undefined
      }
      case "Commit":
        this.#inTransaction = false
        this.#maker.end(message, this.#emit)
        this.#options.counts.transactions++
        this.#passed(message.endLsn)
        return undefined
      case "StreamStart":
        this.#streaming = message.xid
        return message.isFirst || !this.#open.has(message.xid)
          ? this.#open.begin(message.xid, true)
          : undefined
      case "StreamStop":
        this.#streaming = undefined
        return this.#open.isOverBound ? this.#open.spill : undefined
      case "StreamAbort":
        return this.#open.abort(message.xid, message.subXid)
      case "StreamCommit":
        return this.#commit(message)
      case "BeginPrepare":
        this.#preparing = message.xid
        this.#inTransaction = true
        return Effect.zipRight(
          this.#open.begin(message.xid, false),
          Effect.sync(() => {
            const begun = this.#open.get(message.xid)
            if (begun !== undefined) begun.recall = this.#maker.mark()
          }),
        )
      case "Prepare":
        this.#preparing = undefined
        this.#inTransaction = false
        this.#open.prepared(message.xid, message.prepareLsn, this.#maker.mark())
        this.#passed(message.endLsn)
        return this.#open.isOverBound ? this.#open.spill : undefined
      case "StreamPrepare":
        this.#open.prepared(message.xid, message.prepareLsn, this.#maker.mark())
        this.#passed(message.endLsn)
        return undefined
      case "CommitPrepared":
        return this.#commit(message)
      case "RollbackPrepared":
        return Effect.zipLeft(
          this.#open.drop(message.xid),
          Effect.sync(() => this.#passed(message.rollbackEndLsn)),
        )
    }
  }

  /** Passes on what enters here, behind what was read before. */
  #admit(entry: Entry<Item> | undefined): Step {
    if (entry === undefined) return undefined
    return Effect.flatMap(entry, (batches) =>
      Effect.zipRight(
        this.#flush(),
        Effect.forEach(batches, this.#options.emit, { discard: true }),
      ),
    )
  }

  /** Everything before this place has been read, and is in this batch or those before. */
  #passed(place: Wal.Lsn): void {
    const prepared = this.#open.earliestPrepared
    const safe = prepared !== undefined && prepared < place ? prepared : place
    this.#place = this.#place === undefined ? safe : Wal.laterLsn(this.#place, safe)
  }

  #keep(xid: Wal.Xid, subXid: Wal.Xid, bytes: Uint8Array): Step {
    this.#open.add(xid, subXid, bytes)
    return this.#open.isOverBound ? this.#open.spill : undefined
  }

  #change(message: Wal.ChangeMessage, bytes: number): Step {
    this.#options.counts.changes++
    this.#bytes += bytes
    try {
      this.#maker.change(message, this.#emit)
      return undefined
    } catch (error) {
      if (error instanceof Wal.UnknownRelation) return protocolFault(error.message)
      throw error
    }
  }

  /** A transaction that was kept has committed: its messages are read again, now for their events. */
  #commit(message: Wal.StreamCommit | Wal.CommitPrepared): Step {
    const transaction = this.#open.get(message.xid)
    // One that was prepared before the slot was there is not sent; nothing else commits unseen.
    if (transaction === undefined) {
      this.#passed(message.endLsn)
      return undefined
    }
    const { isStreamed: inStream, log, recall } = transaction
    const { readText } = this.#options.stream
    const replay = log.read((messages) =>
      this.#each(messages, ({ bytes }) => {
        const decoded = Wal.decodeMessage(bytes, { inStream, readText })
        if (Either.isLeft(decoded)) return protocolFault(decoded.left.message)
        const kept = decoded.right
        switch (kept.tag) {
          case "Relation":
            return this.#maker.describe(kept, this.#emit)
          case "Insert":
          case "Update":
          case "Delete":
          case "Truncate":
          case "Message":
            return this.#change(kept, bytes.length)
          default:
            return undefined
        }
      }),
    )
    const first = this.#admit(this.#options.gate?.before(message.xid, message.commitLsn))
    return Effect.gen(this, function* () {
      if (first !== undefined) yield* first
      this.#inTransaction = true
      this.#maker.begin(message, this.#emit)
      const present = this.#maker.mark()
      recall?.()
      yield* replay
      if (recall !== undefined) present()
      this.#maker.end(message, this.#emit)
      this.#inTransaction = false
      this.#options.counts.transactions++
      yield* this.#open.drop(message.xid)
      this.#passed(message.endLsn)
    })
  }
}

const protocolFault = (reason: string): Effect.Effect<never, SourceProblem> =>
  Effect.fail(new SourceProblem({ code: "protocol", reason }))
