// How it stands with an event and each subscription of its namespace. Wakes nothing: where the
// namespace is awake its feeds are asked, else the store.
//
// The feeds are asked first: whatever they say is over is in the store, or they tell it, when the store
// is read after that.

import { Effect, Either, Option } from "effect"
import {
  byTime,
  type DeliveryAttempt,
  type DeliveryFacts,
  EventNotFound,
  explainDelivery,
  explainFilters,
  type Hindrance,
  type JournaledEvent,
  type LiveStanding,
  type Namespace,
  type NamespaceName,
  NamespaceNotFound,
  origin,
  type Sequence,
  type Subscription,
  typeMatches,
} from "../../domain/index.js"
import type { NamespaceSeat } from "../namespace/NamespaceSeat.js"
import type { DeliveryRecords, SubscriptionProgress } from "../ports/index.js"
import type { UnwrittenRecords } from "../subscription/UnwrittenProgress.js"
import type { MeshService } from "./Mesh.js"
import type { MeshWorld } from "./MeshWorld.js"
import type { NamespaceDoor } from "./NamespaceDoor.js"
import type { DeliveryView } from "./Views.js"

export const makeExplain = (world: MeshWorld, door: NamespaceDoor): MeshService["explain"] => {
  const { deliveryLog, journal, registry } = world

  const recordOf = (namespace: NamespaceName) =>
    Effect.flatMap(
      registry.getNamespace(namespace),
      Option.match({
        onNone: () => Effect.fail(new NamespaceNotFound({ namespace })),
        onSome: (record) =>
          record.status === "removing"
            ? Effect.fail(new NamespaceNotFound({ namespace }))
            : Effect.succeed(record),
      }),
    )

  /** The event, or undefined for one that has left the journal. */
  const eventAt = (namespace: NamespaceName, sequence: Sequence) =>
    Effect.gen(function* () {
      const event = yield* journal.get(namespace, sequence)
      if (Option.isSome(event)) return event.value
      const { head } = yield* journal.bounds(namespace)
      if (sequence === origin || sequence > head) {
        return yield* new EventNotFound({ namespace, sequence })
      }
      return undefined
    })

  const subscriptionsOf = (namespace: NamespaceName) => {
    const seat = door.seat(namespace)
    return seat === undefined
      ? registry.listSubscriptions(namespace)
      : Effect.succeed(
          [...seat.subscriptions.values()]
            .map(({ record }) => record)
            .sort((a, b) => (a.name < b.name ? -1 : 1)),
        )
  }

  return (namespace, sequence, { after, limit, subscription }) =>
    Effect.gen(function* () {
      const record = yield* recordOf(namespace)
      const event = yield* eventAt(namespace, sequence)
      const found = (yield* subscriptionsOf(namespace)).filter(
        ({ name }) =>
          (after === undefined || name > after) &&
          (subscription === undefined || name === subscription),
      )
      const asked = found.slice(0, limit)
      const seat = door.seat(namespace)
      const live = asked.map(({ name }) => seat?.subscriptions.get(name)?.feed?.standing(sequence))
      const { progress, records } = yield* Effect.all(
        {
          progress: Effect.map(deliveryLog.progress(namespace), byName),
          records: Effect.map(
            deliveryLog.recordsOf(
              namespace,
              sequence,
              asked.map(({ name }) => name),
            ),
            recordsByName,
          ),
        },
        { concurrency: "unbounded" },
      )
      const deliveries = asked.map((one, index) =>
        viewOf(one, {
          sequence,
          event,
          record,
          seat,
          live: live[index]?.live,
          unwritten: live[index]?.unwritten,
          progress: progress.get(one.name),
          records: records.get(one.name),
        }),
      )
      return { event, deliveries, next: found.length > limit ? asked.at(-1)?.name : undefined }
    })
}

interface Known {
  readonly sequence: Sequence
  readonly event: JournaledEvent | undefined
  readonly record: Namespace
  readonly seat: NamespaceSeat | undefined
  readonly live: LiveStanding | undefined
  readonly unwritten: UnwrittenRecords | undefined
  readonly progress: SubscriptionProgress | undefined
  readonly records: RecordsOfOne | undefined
}

const viewOf = (subscription: Subscription, known: Known): DeliveryView => {
  const { event, live, progress, records, sequence, unwritten } = known
  const { createdAt, name, spec, updatedAt } = subscription
  // Of a subscription of the same name that was there before, nothing counts.
  const own = <A>(value: A | undefined, at: (value: A) => number): A | undefined =>
    value !== undefined && at(value) >= createdAt ? value : undefined
  const attempts = attemptsOf(records, unwritten).filter(({ since }) => since >= createdAt)
  const standing = explainDelivery({
    sequence,
    interest: event === undefined ? undefined : interestOf(subscription, event),
    hindrance: hindranceOf(subscription, known),
    startedAfter: progress?.startedAfter ?? origin,
    acknowledged: progress?.acknowledged ?? "0",
    live,
    sink: sinkOf(subscription, known),
    deferral: records?.deferral,
    deadLetter: own(unwritten?.deadLetter ?? records?.deadLetter, ({ deadAt }) => deadAt),
    attempts: attempts.filter(({ replay }) => replay === undefined),
  })
  const isChanged = event !== undefined && updatedAt > createdAt && updatedAt > event.acceptedAt
  return {
    subscription: name,
    sink: spec.sink,
    standing,
    attempts,
    ...(isChanged ? { changedAt: updatedAt } : {}),
  }
}

const interestOf = ({ spec }: Subscription, event: JournaledEvent): DeliveryFacts["interest"] => {
  const { filters, types } = spec
  if (types !== undefined && !types.some((pattern) => typeMatches(pattern, event.type))) {
    return "NotInterested"
  }
  if (filters === undefined || filters.length === 0) return { _tag: "Matched" }
  // Filters that are none any more want nothing; a feed with such does not start.
  return Either.getOrElse(explainFilters(filters, event.event), ({ field, reason }) => ({
    _tag: "NotMatched" as const,
    failures: [{ clause: field, reason, errored: true }] as const,
  }))
}

const hindranceOf = (
  { status, reason }: Subscription,
  { live, record, seat }: Known,
): Hindrance | undefined => {
  if (record.status === "disabled") return { _tag: "NamespaceDisabled" }
  if (status === "paused") return { _tag: "Paused" }
  if (status === "disabled") {
    return { _tag: "Disabled", ...(reason === undefined ? {} : { reason }) }
  }
  return seat === undefined || live !== undefined ? undefined : { _tag: "Starting" }
}

const sinkOf = ({ spec }: Subscription, { seat }: Known): DeliveryFacts["sink"] => {
  const gate = seat?.sinks.get(spec.sink)?.gate
  if (gate === undefined) return undefined
  if (gate.parked !== undefined) return { _tag: "Parked", ...gate.parked }
  return gate.isOpen ? undefined : { _tag: "SinkNotReady" }
}

/** What is in the store and what is on its way there; a later one takes the place of one of its number. */
const attemptsOf = (
  records: RecordsOfOne | undefined,
  unwritten: UnwrittenRecords | undefined,
): ReadonlyArray<DeliveryAttempt> => {
  const all = new Map<string, DeliveryAttempt>()
  for (const attempt of [...(records?.attempts ?? []), ...(unwritten?.attempts ?? [])]) {
    const key = `${attempt.since} ${attempt.attempt} ${attempt.replay ?? ""}`
    const present = all.get(key)
    if (present === undefined || present.startedAt <= attempt.startedAt) all.set(key, attempt)
  }
  return [...all.values()].sort(byTime)
}

const byName = (rows: ReadonlyArray<SubscriptionProgress>) =>
  new Map(rows.map((row) => [row.subscription, row]))

interface RecordsOfOne {
  deferral?: DeliveryRecords["deferrals"][number]
  deadLetter?: DeliveryRecords["deadLetters"][number]
  readonly attempts: Array<DeliveryRecords["attempts"][number]>
}

const recordsByName = ({ deferrals, deadLetters, attempts }: DeliveryRecords) => {
  const all = new Map<string, RecordsOfOne>()
  const of = (name: string): RecordsOfOne => {
    const present = all.get(name)
    if (present !== undefined) return present
    const records: RecordsOfOne = { attempts: [] }
    all.set(name, records)
    return records
  }
  // What is of a replay says nothing of the live flow.
  for (const deferral of deferrals) {
    if (deferral.replay === undefined) of(deferral.subscription).deferral = deferral
  }
  // Ids ascend: the last one counts.
  for (const letter of deadLetters) {
    if (letter.replay === undefined) of(letter.subscription).deadLetter = letter
  }
  for (const attempt of attempts) of(attempt.subscription).attempts.push(attempt)
  return all
}
