// Positions, deferrals and dead letters in memory.

import { Effect, Option } from "effect"
import type {
  DeadLetter,
  DeadLetterFilter,
  DeliveryLog,
  ProgressChange,
  SubscriptionProgress,
} from "../../../actors/index.js"
import { Sequence, type SubscriptionName } from "../../../domain/index.js"
import { type Holdings, type MemoryState, type Progress, holdingsOf } from "./MemoryState.js"

export const makeDeliveryLog = (state: MemoryState): typeof DeliveryLog.Service => ({
  commit: (changes) =>
    Effect.sync(() => {
      for (const change of changes) apply(state, change)
    }),
  progress: (namespace) =>
    Effect.sync(() => {
      const all = state.holdings.get(namespace)?.progress.entries() ?? []
      return all.map(([subscription, progress]) => stated(subscription, progress))
    }),
  progressOf: (namespace, subscription) =>
    Effect.sync(() => {
      const progress = state.holdings.get(namespace)?.progress.get(subscription)
      return Option.map(Option.fromNullable(progress), (found) => stated(subscription, found))
    }),
  deferrals: (namespace, subscription, after, limit) =>
    Effect.sync(
      () =>
        state.holdings.get(namespace)?.progress.get(subscription)?.deferrals.page(after, limit) ??
        [],
    ),
  recordsOf: (namespace, sequence, subscriptions) =>
    Effect.sync(() => {
      const holdings = state.holdings.get(namespace)
      const asked = new Set(subscriptions)
      return {
        deferrals: subscriptions.flatMap((subscription) => {
          const deferral = holdings?.progress.get(subscription)?.deferrals.get(sequence)
          return deferral === undefined ? [] : [{ ...deferral, subscription }]
        }),
        deadLetters: (holdings?.deadLetters.all() ?? [])
          .filter((letter) => letter.sequence === sequence && asked.has(letter.subscription))
          .map(({ id, subscription, reason, deadAt, replay }) => ({
            id,
            subscription,
            reason,
            deadAt,
            ...(replay === undefined ? {} : { replay }),
          })),
        attempts: subscriptions.flatMap((subscription) =>
          (holdings?.attempts.get(subscription, sequence) ?? []).map((attempt) => ({
            ...attempt,
            subscription,
          })),
        ),
      }
    }),
  forgetAttempts: (namespace, which, limit) =>
    Effect.sync(() => {
      const attempts = state.holdings.get(namespace)?.attempts
      return "subscription" in which
        ? (attempts?.forget(which.subscription, Number.POSITIVE_INFINITY, limit) ?? 0)
        : (attempts?.forget(undefined, which.upTo, limit) ?? 0)
    }),
  keptEvent: (namespace, subscription, sequence) =>
    Effect.sync(() =>
      Option.fromNullable(
        state.holdings.get(namespace)?.progress.get(subscription)?.kept.get(sequence),
      ),
    ),
  slowestPosition: (namespace) =>
    Effect.sync(() => {
      const all = state.holdings.get(namespace)?.progress.all() ?? []
      const lowest = all.reduce((low, one) => Math.min(low, neededFrom(one)), Infinity)
      return all.length === 0 ? undefined : Sequence.make(lowest)
    }),
  deadLetters: ({ namespace, after, limit, ...filter }) =>
    Effect.sync(
      () =>
        state.holdings
          .get(namespace)
          ?.deadLetters.page(after, limit, (letter) => passes(letter, filter)) ?? [],
    ),
  getDeadLetter: (namespace, id) =>
    Effect.sync(() => Option.fromNullable(state.holdings.get(namespace)?.deadLetters.get(id))),
  deleteDeadLetter: (namespace, id) =>
    Effect.sync(() => state.holdings.get(namespace)?.deadLetters.delete(id) ?? false),
  backlog: (after, limit) =>
    Effect.sync(() =>
      state.namespaces
        .page(after, limit, ({ name, status }) => {
          const holdings = status === "enabled" ? state.holdings.get(name) : undefined
          return holdings !== undefined && hasBacklog(holdings)
        })
        .map(({ name }) => name),
    ),
})

const stated = (
  subscription: SubscriptionName,
  { position, acknowledged, startedAfter }: Progress,
): SubscriptionProgress => ({ subscription, position, acknowledged, startedAfter })

/** Nothing up to here is needed of the journal by the subscription. */
const neededFrom = ({ position, deferrals, kept }: Progress): number => {
  const [first] = deferrals.page(undefined, 1, ({ sequence }) => !kept.has(sequence))
  return Math.min(position, (first?.sequence ?? Number.POSITIVE_INFINITY) - 1)
}

const passes = (
  letter: DeadLetter,
  { subscription, kind, since, before }: DeadLetterFilter,
): boolean =>
  (subscription === undefined || letter.subscription === subscription) &&
  (kind === undefined || letter.reason._tag === kind) &&
  (since === undefined || letter.deadAt >= since) &&
  (before === undefined || letter.deadAt < before)

const hasBacklog = ({ log, subscriptions, progress, replays }: Holdings): boolean =>
  progress
    .entries()
    .some(
      ([name, { position, deferrals }]) =>
        subscriptions.get(name)?.status === "active" &&
        (position < log.bounds.head || deferrals.size > 0),
    ) ||
  replays
    .all()
    .some(
      ({ replay }) =>
        replay.status === "running" && subscriptions.get(replay.subscription)?.status === "active",
    )

const apply = (state: MemoryState, change: ProgressChange): void => {
  const { namespace, subscription } = change
  const progress = state.holdings.get(namespace)?.progress.get(subscription)
  if (progress === undefined) return
  progress.position = change.position
  progress.acknowledged = change.acknowledged
  for (const deferral of change.deferred) progress.deferrals.set(deferral.sequence, deferral)
  for (const sequence of change.settled) {
    progress.deferrals.delete(sequence)
    progress.kept.delete(sequence)
  }
  const { attempts, deadLetters } = holdingsOf(state, namespace)
  for (const attempt of change.attempts) attempts.put(subscription, attempt)
  for (const { deadLetter, deferral } of change.redelivered) {
    const letter = deadLetters.get(deadLetter)
    if (letter?.subscription !== subscription) continue
    deadLetters.delete(deadLetter)
    progress.deferrals.set(deferral.sequence, deferral)
    progress.kept.set(deferral.sequence, { json: letter.json, acceptedAt: letter.acceptedAt })
  }
  for (const letter of change.dead)
    deadLetters.set(letter.id, { ...letter, namespace, subscription })
}
