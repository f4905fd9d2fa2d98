/**
 * The messages of committed transactions, one by one, in the form of wal2http: beginning, relations,
 * changes, end. A transaction that was streamed has the forms of a streamed one, in one segment.
 */
import { stampOf, type Transaction } from "./ChangeEvent.js"
import {
  beginJson,
  changeJson,
  commitJson,
  relationJson,
  streamCommitJson,
  streamStartJson,
  streamStopJson,
} from "./MessageJson.js"
import type {
  Begin,
  ChangeMessage,
  Commit,
  CommitPrepared,
  Relation,
  StreamCommit,
} from "./PgOutput.js"
import { type ReadText, readUtf8 } from "./ReadText.js"

export interface TransactionMessage {
  /**
   * The same when the server sends the transaction again, and of no other message of its slot: the
   * place and time of the commit, and which message of the transaction it is.
   */
  readonly key: string
  /** A change of rows; else the message only says of which transaction or relation others are. */
  readonly isChange: boolean
  readonly json: string
}

type Emit = (message: TransactionMessage) => void

export class TransactionMessages {
  readonly #readText: ReadText
  #prefix = ""
  #isStreamed = false
  /** Which change comes next. */
  #index = 0

  constructor(readText: ReadText = readUtf8) {
    this.#readText = readText
  }

  describe(relation: Relation, emit?: Emit): undefined {
    // A relation may change in the middle of a transaction, and is then told of anew.
    const key = `${this.#prefix}relation-${relation.oid}-${this.#index}`
    emit?.({ key, isChange: false, json: relationJson(relation) })
  }

  begin(transaction: Begin | StreamCommit | CommitPrepared, emit: Emit): void {
    this.#prefix = prefixOf(transaction)
    this.#isStreamed = transaction.tag === "StreamCommit"
    this.#index = 0
    const { xid } = transaction
    this.#tell("begin", this.#isStreamed ? streamStartJson(xid) : beginJson(xid), emit)
  }

  /** Messages that are no changes of rows have no form, and are left out. */
  change(change: ChangeMessage, emit: Emit): void {
    if (change.tag === "Message") return
    const json = changeJson(change, this.#isStreamed ? change.xid : undefined, this.#readText)
    emit({ key: `${this.#prefix}${this.#index++}`, isChange: true, json })
  }

  end(transaction: Commit | StreamCommit | CommitPrepared, emit: Emit): void {
    if (transaction.tag === "StreamCommit") {
      this.#tell("stop", streamStopJson, emit)
      this.#tell("commit", streamCommitJson(transaction), emit)
    } else this.#tell("commit", commitJson(transaction), emit)
  }

  /** What was described is not needed to write rows down. */
  mark(): () => void {
    return () => {}
  }

  #tell(name: string, json: string, emit: Emit): void {
    emit({ key: `${this.#prefix}${name}`, isChange: false, json })
  }
}

const prefixOf = (transaction: Transaction): string => stampOf(transaction).idPrefix
