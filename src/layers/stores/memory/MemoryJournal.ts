// The journal in memory: durable for as long as its state is.

import { Effect, Option } from "effect"
import type { Journal, JournalEntry } from "../../../actors/index.js"
import { Sequence, origin } from "../../../domain/index.js"
import { type MemoryState, holdingsOf } from "./MemoryState.js"

const noEvents = { head: origin, oldest: Sequence.make(1), bytes: 0 }

export const makeJournal = (state: MemoryState): typeof Journal.Service => {
  const logOf = (namespace: JournalEntry["namespace"]) => state.holdings.get(namespace)?.log

  return {
    append: (entries, acceptedAt) =>
      Effect.sync(() =>
        entries.map((entry) => holdingsOf(state, entry.namespace).log.append(entry, acceptedAt)),
      ),
    read: ({ namespace, after, limit, maxBytes }) =>
      Effect.sync(() => logOf(namespace)?.read(after, limit, maxBytes) ?? []),
    get: (namespace, sequence) =>
      Effect.sync(() => Option.fromNullable(logOf(namespace)?.get(sequence))),
    bounds: (namespace) => Effect.sync(() => logOf(namespace)?.bounds ?? noEvents),
    positionAt: (namespace, time) =>
      Effect.sync(() => logOf(namespace)?.positionAt(time) ?? origin),
    expired: (namespace, retention) =>
      Effect.sync(() => logOf(namespace)?.expired(retention) ?? origin),
    trim: (namespace, upTo, limit) => Effect.sync(() => logOf(namespace)?.trim(upTo, limit) ?? 0),
  }
}
