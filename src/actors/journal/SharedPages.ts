// Pages of one namespace's journal, read once for all the subscriptions that are behind.
//
// After an outage the subscriptions of a sink, or many that start from the beginning, go over the same
// events within moments of each other. Pages are kept only while more than one of them reads.

import { Deferred, Effect, Exit, FiberId } from "effect"
import { type JournaledEvent, type NamespaceName, Sequence } from "../../domain/index.js"
import type { Journal, StoreUnavailable } from "../ports/index.js"

/** Places in a page. Pages begin at its multiples, so that readers at different places share them. */
const pageEvents = 512
/** Characters of JSON in one page; a page of larger events ends earlier. */
const pageBytes = 4 * 1024 * 1024
/** Characters of JSON kept for readers to come. */
const keptBytes = 8 * 1024 * 1024

type Events = ReadonlyArray<JournaledEvent>

interface Page {
  readonly events: Deferred.Deferred<Events>
  bytes: number
}

export interface PageRequest {
  readonly namespace: NamespaceName
  /** Events after this sequence, ascending. */
  readonly after: Sequence
  readonly limit: number
  /** The last sequence of the namespace, as far as is known: beyond it a page is not complete. */
  readonly head: Sequence
}

export class SharedPages {
  readonly #readers = new Set<object>()
  /** By number, the one that was read first first. */
  readonly #pages = new Map<number, Page>()
  #bytes = 0

  /** Reads for `reader`, which is among those that are behind until it is `done`. */
  read(
    journal: Journal["Type"],
    reader: object,
    request: PageRequest,
  ): Effect.Effect<Events, StoreUnavailable> {
    return Effect.suspend(() => {
      this.#readers.add(reader)
      const number = Math.floor(request.after / pageEvents)
      const isComplete = (number + 1) * pageEvents <= request.head
      return this.#readers.size < 2 || !isComplete
        ? this.#direct(journal, request)
        : this.#shared(journal, number, request)
    })
  }

  /** The reader has caught up, or has ended. */
  done(reader: object): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 1) return
    this.#pages.clear()
    this.#bytes = 0
  }

  #direct(
    journal: Journal["Type"],
    { namespace, after, limit }: PageRequest,
  ): Effect.Effect<Events, StoreUnavailable> {
    return journal.read({ namespace, after, limit, maxBytes: pageBytes })
  }

  #shared(
    journal: Journal["Type"],
    number: number,
    request: PageRequest,
  ): Effect.Effect<Events, StoreUnavailable> {
    const { after, limit } = request
    const page = this.#pages.get(number)
    const events =
      page === undefined
        ? this.#load(journal, request.namespace, number)
        : Deferred.await(page.events)
    return Effect.flatMap(events, (all) => {
      const wanted = all.filter(({ sequence }) => sequence > after).slice(0, limit)
      // Nothing: the page was cut short by the size of its events, or could not be read.
      return wanted.length === 0 ? this.#direct(journal, request) : Effect.succeed(wanted)
    })
  }

  /** Reads a page for whoever asks for it meanwhile and after. */
  #load(
    journal: Journal["Type"],
    namespace: NamespaceName,
    number: number,
  ): Effect.Effect<Events, StoreUnavailable> {
    const page: Page = { events: Deferred.unsafeMake(FiberId.none), bytes: 0 }
    this.#pages.set(number, page)
    const after = Sequence.make(number * pageEvents)
    return journal.read({ namespace, after, limit: pageEvents, maxBytes: pageBytes }).pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit)) this.#keep(number, page, exit.value)
          else if (this.#pages.get(number) === page) this.#pages.delete(number)
          Deferred.unsafeDone(page.events, Effect.succeed(Exit.isSuccess(exit) ? exit.value : []))
        }),
      ),
    )
  }

  #keep(number: number, page: Page, events: Events): void {
    if (this.#pages.get(number) !== page) return
    for (const { json } of events) page.bytes += json.length
    this.#bytes += page.bytes
    for (const [oldest, { bytes }] of this.#pages) {
      if (this.#bytes <= keptBytes) return
      this.#pages.delete(oldest)
      this.#bytes -= bytes
    }
  }
}
