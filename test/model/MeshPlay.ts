// Plays commands on a real mesh and holds what it does against what a simple model says it must.
//
// The model knows which events a subscription owes, from the journal of the store, and what became of
// each, from the sinks. It does not know why: moods of sinks, faults of the store and crashes may
// delay what is owed, and never change it.

import { Cause, Effect, Either, Exit } from "effect"
import type { Receipt } from "../../src/actors/index.js"
import {
  type JournaledEvent,
  NamespaceName,
  nextStep,
  origin,
  Outcome,
  parseTypePattern,
  SinkName,
  SubscriptionName,
  typeMatches,
} from "../../src/domain/index.js"
import { cloudEvent } from "../laws/LawEvents.js"
import type { Attempt } from "../support/ScriptedTransport.js"
import type { Simulation } from "../support/Simulation.js"
import { Fault } from "../support/StoreFaults.js"
import type { TestMesh } from "../support/TestMesh.js"
import {
  domains,
  type MeshCommand,
  patterns,
  type SinkMood,
  sinkNames,
  subscriptionNames,
} from "./MeshCommand.js"
import { ReplayPromises } from "./ReplayPromises.js"

/** The mesh did what it must not. */
export class BrokenPromise extends Error {}

/** A subscription from its creation to its deletion. */
interface Owed {
  readonly domain: NamespaceName
  readonly name: (typeof subscriptionNames)[number]
  /** Nothing up to here may come; everything after `owedAfter` must. */
  readonly start: number
  readonly owedAfter: number
  /** What it has asked for, the last of it now; what else was passed before the change is not owed. */
  readonly patterns: Array<string>
  changedAt: number
  /** Sequences that a sink took, and how many crashes there had been. */
  readonly taken: Map<number, number>
  readonly rejected: Set<number>
  readonly blamed: Set<number>
  readonly tries: Map<number, number>
  /** Events that were tried while these earlier ones of their key were not known to be over. */
  readonly overtaken: Set<number>
  readonly flying: Map<Attempt, string | undefined>
  /** Dead letters that an earlier subscription of the name has left. */
  readonly inherited: ReadonlySet<string>
}

const named = {
  domain: (index: number) => NamespaceName.make(domains[index] ?? domains[0]),
  sink: (index: number) => SinkName.make(sinkNames[index] ?? sinkNames[0]),
  subscription: (index: number) =>
    SubscriptionName.make(subscriptionNames[index] ?? subscriptionNames[0]),
  pattern: (index: number) => Either.getOrThrow(parseTypePattern(patterns[index] ?? "*")),
}

const keyOf = (name: Owed["name"], event: JournaledEvent): string | undefined => {
  const key = event.event["partitionkey"]
  if (name === "strict") return ""
  return name === "key" && typeof key === "string" ? key : undefined
}

export class MeshPlay {
  readonly #mesh: TestMesh
  readonly #simulation: Simulation
  readonly #owed = new Map<string, Owed>()
  /** Sequences that were acknowledged, by domain; of its present incarnation. */
  readonly #acknowledged = new Map<string, Map<string, number>>()
  readonly #incarnations = new Map<string, string | undefined>()
  /** Domains whose removal was confirmed, until they are added again. */
  readonly #removed = new Set<string>()
  readonly #moods = new Map<string, SinkMood>()
  readonly #replays: ReplayPromises
  /** What was not written before a feed ended may be repeated from here on. */
  #crashes = 0
  /** A change may be stored and not in force. */
  #unsure = false
  #faulty = false
  #published = 0
  #killed = false
  #failure: string | undefined

  constructor(mesh: TestMesh, simulation: Simulation) {
    this.#mesh = mesh
    this.#simulation = simulation
    this.#replays = new ReplayPromises(mesh.state, (what) => this.#fail(what))
    mesh.sinks.onAttempt = (attempt) => this.#onAttempt(attempt)
    mesh.sinks.onOutcome = (attempt) => this.#onOutcome(attempt)
    mesh.sinks.onCutOff = (attempt) => this.#onCutOff(attempt)
    for (const domain of domains) {
      for (const sink of sinkNames) this.#listen(domain, sink)
    }
  }

  play(commands: ReadonlyArray<MeshCommand>): Effect.Effect<void> {
    return Effect.gen(this, function* () {
      for (const command of commands) {
        yield* this.#do(command)
        this.#check()
      }
      yield* this.#end
    })
  }

  // --- Commands --------------------------------------------------------------------------------

  #do(command: MeshCommand): Effect.Effect<void> {
    const { mesh } = this.#mesh
    switch (command._tag) {
      case "AddDomain": {
        const name = named.domain(command.domain)
        return this.#ask(mesh.namespaces.put(name), ["NamespaceRemoving"], () =>
          this.#removed.delete(name),
        )
      }
      case "SetEnabled":
        return this.#ask(
          mesh.namespaces.setStatus(
            named.domain(command.domain),
            command.enabled ? "enabled" : "disabled",
          ),
          ["NamespaceNotFound", "NamespaceRemoving"],
        )
      case "RemoveDomain":
        return this.#remove(named.domain(command.domain), command.wait)
      case "PutSink":
        return this.#ask(
          mesh.sinks.put(named.domain(command.domain), named.sink(command.sink), {
            kind: "scripted",
          }),
          ["NamespaceNotFound", "NamespaceRemoving"],
        )
      case "DeleteSink":
        return this.#ask(
          mesh.sinks.remove(named.domain(command.domain), named.sink(command.sink)),
          ["NamespaceNotFound", "NamespaceRemoving", "SinkNotFound", "SinkInUse"],
        )
      case "PutSubscription":
        return this.#putSubscription(command)
      case "DeleteSubscription": {
        const domain = named.domain(command.domain)
        const name = named.subscription(command.subscription)
        return this.#ask(mesh.subscriptions.remove(domain, name), [
          "NamespaceNotFound",
          "NamespaceRemoving",
          "SubscriptionNotFound",
        ])
      }
      case "Pause":
      case "Resume": {
        const domain = named.domain(command.domain)
        const name = named.subscription(command.subscription)
        const change =
          command._tag === "Pause" ? mesh.subscriptions.pause : mesh.subscriptions.resume
        return this.#ask(change(domain, name), [
          "NamespaceNotFound",
          "NamespaceRemoving",
          "SubscriptionNotFound",
        ])
      }
      case "Replay": {
        const { perSecond } = command
        const rate = { amount: perSecond ?? 1, perMillis: 1_000, burst: 1 }
        return this.#ask(
          mesh.replays.start(
            named.domain(command.domain),
            named.subscription(command.subscription),
            { from: "earliest", ...(perSecond === undefined ? {} : { pace: { rate } }) },
          ),
          ["NamespaceNotFound", "NamespaceRemoving", "SubscriptionNotFound", "TooManyReplays"],
        )
      }
      case "CancelReplay":
        return this.#cancelReplay(
          named.domain(command.domain),
          named.subscription(command.subscription),
        )
      case "Publish":
        return this.#publish(named.domain(command.domain), command)
      case "Mood":
        return Effect.sync(() => {
          const domain = named.domain(command.domain)
          this.#moods.set(`${domain}/${named.sink(command.sink)}`, command.mood)
        })
      case "OpeningDies": {
        const domain = named.domain(command.domain)
        const sink = named.sink(command.sink)
        this.#mesh.sinks.opening(domain, sink, Effect.die("cannot open"))
        return Effect.void
      }
      case "Advance":
        return Effect.zipRight(
          this.#simulation.advance(command.seconds * 1000),
          this.#faulty && command.seconds > 1 ? this.#healStore : Effect.void,
        )
      case "Step":
        return this.#simulation.settle
      case "Fault": {
        const fault = command.done ? Fault.FailAfter() : Fault.FailBefore()
        this.#faulty = true
        return this.#mesh.faults.next(
          command.operation,
          ...Array.from({ length: command.times }, () => fault),
        )
      }
      case "Slow": {
        const { operation, millis: duration, answer } = command
        return this.#mesh.faults.always(operation, Fault.Delay({ duration, answer }))
      }
      case "Outage":
        this.#faulty = true
        return this.#mesh.faults
          .always("everything", Fault.FailBefore())
          .pipe(
            Effect.zipRight(this.#simulation.advance(command.seconds * 1000)),
            Effect.zipRight(this.#healStore),
          )
      case "Restart":
        return this.#restart(false)
      case "Kill":
        return this.#restart(true)
    }
  }

  /** Asks the mesh, lets it take its time, and takes over from the store what has changed. */
  #ask<A, E extends { readonly _tag: string }>(
    request: Effect.Effect<A, E>,
    allowed: ReadonlyArray<E["_tag"]>,
    then: () => void = () => undefined,
  ): Effect.Effect<void> {
    return Effect.map(this.#simulation.exitOf(request), (exit) => {
      if (Exit.isSuccess(exit)) then()
      else {
        const error = Cause.squash(exit.cause)
        const tag =
          typeof error === "object" && error !== null && "_tag" in error ? error._tag : undefined
        if (tag === "StoreUnavailable" && this.#faulty) this.#unsure = true
        else if (!allowed.some((known) => known === tag)) {
          throw new BrokenPromise(`refused: ${Cause.pretty(exit.cause)}`)
        }
      }
      this.#takeOver()
    })
  }

  #remove(name: NamespaceName, wait: boolean): Effect.Effect<void> {
    const { mesh } = this.#mesh
    return Effect.flatMap(
      this.#simulation.exitOf(
        mesh.namespaces.remove(name, wait ? { wait: "30 minutes" } : undefined),
      ),
      (exit) => {
        this.#takeOver()
        if (Exit.isFailure(exit)) {
          return this.#ask(Effect.flatten(Effect.succeed(exit)), ["NamespaceNotFound"])
        }
        const complete = nextStep(exit.value) === undefined
        if (wait && !complete) {
          if (this.#faulty) return Effect.void
          return Effect.die(new BrokenPromise(`not removed: ${JSON.stringify(exit.value)}`))
        }
        if (!complete) return Effect.void
        this.#acknowledged.delete(name)
        this.#removed.add(name)
        return Effect.flatMap(mesh.actors, (tree) => {
          if (JSON.stringify(tree).includes(name))
            return Effect.die(new BrokenPromise("an actor of a removed domain lives"))
          if (this.#mesh.state.holdings.has(name))
            return Effect.die(new BrokenPromise("rows of a removed domain are left"))
          return Effect.void
        })
      },
    )
  }

  #putSubscription(
    command: Extract<MeshCommand, { readonly _tag: "PutSubscription" }>,
  ): Effect.Effect<void> {
    const domain = named.domain(command.domain)
    const name = named.subscription(command.subscription)
    const pattern = named.pattern(command.pattern)
    const ordering = subscriptionNames[command.subscription] ?? "none"
    const head = this.#headOf(domain)
    this.#wantsAll = command.startAt === "earliest"
    this.#wanted = command.startAt === "now" ? head : 0
    return this.#ask(
      this.#mesh.mesh.subscriptions.put(domain, name, {
        sink: named.sink(command.sink),
        types: [pattern],
        ordering,
        startAt: command.startAt,
      }),
      ["NamespaceNotFound", "NamespaceRemoving", "SinkNotFound"],
    )
  }
  #wanted = 0
  #wantsAll = false

  #cancelReplay(domain: NamespaceName, subscription: SubscriptionName): Effect.Effect<void> {
    const last = this.#replays.of(domain, subscription).at(-1)
    if (last === undefined) return Effect.void
    const { id, status } = last
    if (status === "running") this.#replays.unwanted(id)
    return this.#ask(
      this.#mesh.mesh.replays.cancel(last),
      ["NamespaceNotFound", "NamespaceRemoving", "SubscriptionNotFound", "ReplayNotFound"],
      () => this.#replays.cancelled(id),
    )
  }

  #publish(
    name: NamespaceName,
    { events: seeds, ephemeral, wait }: Extract<MeshCommand, { readonly _tag: "Publish" }>,
  ): Effect.Effect<void> {
    const events = seeds.map(({ id, type, key }) =>
      cloudEvent({
        id: ephemeral ? `x${this.#published++}` : String(id),
        source: "/model",
        type,
        ...(key === undefined ? {} : { partitionkey: key }),
      }),
    )
    const publish = Effect.map(
      this.#mesh.mesh.publish(name, events, ephemeral ? "ephemeral" : "journalled"),
      (receipts) => {
        // The domain may be another one than when this began.
        this.#takeOver()
        if (!ephemeral) this.#acknowledge(name, receipts)
      },
    )
    return wait
      ? this.#ask(publish, ["NamespaceNotFound", "NamespaceDisabled", "NamespaceRemoving"])
      : Effect.asVoid(Effect.fork(Effect.ignore(publish)))
  }

  #acknowledge(name: NamespaceName, receipts: ReadonlyArray<Receipt>): void {
    const acknowledged = this.#acknowledged.get(name) ?? new Map<string, number>()
    this.#acknowledged.set(name, acknowledged)
    for (const { id, sequence, duplicate } of receipts) {
      const first = acknowledged.get(id)
      if (first !== undefined && (first !== sequence || !duplicate))
        this.#fail(`${name} ${id}: accepted twice`)
      acknowledged.set(id, sequence)
    }
    this.#checkJournal(name)
  }

  /** What was acknowledged is in the journal, where it was said to be. */
  #checkJournal(name: string): void {
    const journal = this.#journalOf(name)
    for (const [id, sequence] of this.#acknowledged.get(name) ?? [])
      if (journal[sequence - 1]?.event.id !== id) this.#fail(`${name} ${id}: acknowledged and lost`)
  }

  #restart(kill: boolean): Effect.Effect<void> {
    return Effect.gen(this, function* () {
      if (kill) {
        this.#killed = true
        yield* this.#mesh.kill
      } else {
        yield* this.#mesh.stop
      }
      // What a store that failed did not take before the stop may come again too.
      if (kill || this.#faulty) this.#crash()
      this.#killed = false
      this.#faulty = false
      for (const owed of this.#owed.values()) owed.flying.clear()
      this.#replays.onStop()
      yield* this.#mesh.start
      this.#takeOver()
    })
  }

  get #healStore(): Effect.Effect<void> {
    return Effect.zipRight(
      this.#mesh.faults.heal,
      Effect.sync(() => {
        this.#faulty = false
        this.#crash()
      }),
    )
  }

  /** What was not written may come again, in its order. */
  #crash(): void {
    this.#crashes++
    for (const owed of this.#owed.values()) owed.overtaken.clear()
  }

  // --- Sinks -----------------------------------------------------------------------------------

  #listen(domain: string, sink: string): void {
    this.#mesh.sinks.answer(domain, sink, ({ event }) => {
      if (this.#killed) return Effect.never
      switch (this.#moods.get(`${domain}/${sink}`) ?? "takes") {
        case "takes":
          return Effect.succeed(Outcome.delivered())
        case "slow":
          return Effect.delay(
            Effect.sync(() => Outcome.delivered()),
            "50 millis",
          )
        case "busy":
          return Effect.succeed(Outcome.retry("busy"))
        case "rejects":
          return Effect.succeed(
            event.sequence % 2 === 0 ? Outcome.reject("even") : Outcome.delivered(),
          )
        case "misconfigured":
          return Effect.succeed(Outcome.misconfigured("401"))
        case "gone":
          return Effect.succeed(
            event.sequence % 2 === 0 ? Outcome.gone("410") : Outcome.delivered(),
          )
        case "hangs":
          return Effect.delay(Effect.succeed(Outcome.retry("no answer")), "2 minutes")
        case "dies":
          return Effect.die("a defect of the transport")
      }
    })
  }

  #owedBy({ namespace, subscription }: Attempt): Owed | undefined {
    return this.#owed.get(`${namespace}/${subscription}`)
  }

  #fail(what: string): void {
    this.#failure ??= what
  }

  #onAttempt(attempt: Attempt): void {
    const { namespace, subscription, sequence } = attempt
    const about = `${namespace}/${subscription} ${sequence}`
    if (this.#removed.has(namespace)) return this.#fail(`${about}: after the removal`)
    if (sequence === 0 || this.#killed) return
    this.#takeOver()
    const owed = this.#owedBy(attempt)
    if (owed === undefined) return
    const event = this.#journalOf(namespace)[sequence - 1]
    const { replay } = attempt
    if (replay !== undefined) {
      const key = event === undefined ? undefined : keyOf(owed.name, event)
      return this.#replays.onAttempt({ attempt, event, key, replay })
    }
    if (event === undefined || event.event.id !== attempt.event)
      return this.#fail(`${about}: of another journal`)
    if (sequence <= owed.start) return this.#fail(`${about}: before its start at ${owed.start}`)
    const before = owed.taken.get(sequence)
    if (before === this.#crashes && !this.#faulty)
      return this.#fail(`${about}: again without a crash`)
    owed.tries.set(sequence, (owed.tries.get(sequence) ?? 0) + 1)
    const key = keyOf(owed.name, event)
    if (key !== undefined) {
      for (const other of owed.flying.values())
        if (other === key) this.#fail(`${about}: together with another of its key`)
      this.#noteOvertaken(owed, sequence, key)
    }
    owed.flying.set(attempt, key)
  }

  #noteOvertaken(owed: Owed, sequence: number, key: string): void {
    for (const event of this.#debts(owed)) {
      if (event.sequence >= sequence) return
      if (keyOf(owed.name, event) !== key || owed.taken.has(event.sequence)) continue
      owed.overtaken.add(event.sequence)
    }
  }

  #onCutOff(attempt: Attempt): void {
    if (attempt.replay !== undefined) this.#replays.onCutOff(attempt.replay, attempt)
    else this.#owedBy(attempt)?.flying.delete(attempt)
  }

  #onOutcome(attempt: Attempt): void {
    if (attempt.replay !== undefined) return this.#replays.onOutcome(attempt.replay, attempt)
    const owed = this.#owedBy(attempt)
    if (owed === undefined || attempt.sequence === 0) return
    owed.flying.delete(attempt)
    switch (attempt.outcome?._tag) {
      case "Delivered":
        if (
          owed.overtaken.has(attempt.sequence) &&
          !owed.taken.has(attempt.sequence) &&
          !this.#faulty
        )
          this.#fail(`${attempt.subscription} ${attempt.sequence}: after a later one of its key`)
        owed.taken.set(attempt.sequence, this.#crashes)
        break
      case "Reject":
        owed.rejected.add(attempt.sequence)
        break
      case "Misconfigured":
        owed.blamed.add(attempt.sequence)
        break
      default:
        break
    }
  }

  // --- The model -------------------------------------------------------------------------------

  #journalOf(name: string): ReadonlyArray<JournaledEvent> {
    const log = this.#mesh.state.holdings.get(NamespaceName.make(name))?.log
    return log === undefined ? [] : log.read(origin, 10_000, Number.MAX_SAFE_INTEGER)
  }

  #headOf(name: NamespaceName): number {
    return this.#mesh.state.holdings.get(name)?.log.bounds.head ?? 0
  }

  /** Takes over which subscriptions there are. */
  #takeOver(): void {
    for (const domain of domains) {
      const name = NamespaceName.make(domain)
      const holdings = this.#mesh.state.holdings.get(name)
      const incarnation = this.#mesh.state.namespaces.get(name)?.incarnation
      if (this.#incarnations.get(name) !== incarnation) this.#acknowledged.delete(name)
      this.#incarnations.set(name, incarnation)
      for (const subscription of subscriptionNames) {
        const id = `${domain}/${subscription}`
        const record = holdings?.subscriptions.get(SubscriptionName.make(subscription))
        const known = this.#owed.get(id)
        if (record === undefined || this.#isRemoving(name)) {
          this.#owed.delete(id)
        } else if (known === undefined) {
          this.#owed.set(id, {
            domain: name,
            name: subscription,
            start: this.#wanted,
            // What is published meanwhile may be before the "now" of the mesh.
            owedAfter: this.#wantsAll ? 0 : this.#headOf(name),
            patterns: [record.spec.types?.[0] ?? "*"],
            changedAt: 0,
            taken: new Map(),
            rejected: new Set(),
            blamed: new Set(),
            tries: new Map(),
            overtaken: new Set(),
            flying: new Map(),
            inherited: new Set(
              holdings?.deadLetters
                .all()
                .filter(({ deadAt, subscription }) => {
                  return subscription === record.name && deadAt <= record.createdAt
                })
                .map(({ id }) => id),
            ),
          })
        } else {
          const pattern = record.spec.types?.[0] ?? "*"
          if (pattern === known.patterns.at(-1)) continue
          known.patterns.push(pattern)
          known.changedAt = this.#headOf(name)
        }
      }
    }
  }

  #isRemoving(name: NamespaceName): boolean {
    return (
      this.#mesh.state.namespaces.get(name)?.status !== "enabled" &&
      this.#mesh.state.namespaces.get(name)?.status !== "disabled"
    )
  }

  #debts(owed: Owed): ReadonlyArray<JournaledEvent> {
    const all = owed.patterns.map((pattern) => Either.getOrThrow(parseTypePattern(pattern)))
    const now = all.slice(-1)
    return this.#journalOf(owed.domain).filter(
      ({ sequence, type }) =>
        sequence > owed.owedAfter &&
        (sequence > owed.changedAt ? now : all).every((pattern) => typeMatches(pattern, type)),
    )
  }

  #check(): void {
    if (this.#failure !== undefined) throw new BrokenPromise(this.#failure)
  }

  // --- The end ---------------------------------------------------------------------------------

  /** Everybody is well again and everything is switched on: what is owed must come. */
  get #end(): Effect.Effect<void> {
    return Effect.gen(this, function* () {
      this.#moods.clear()
      for (const domain of domains)
        for (const sink of sinkNames) this.#mesh.sinks.opening(domain, sink, Effect.void)
      if (this.#faulty) yield* this.#healStore
      yield* this.#mesh.faults.heal
      if (this.#unsure) yield* this.#restart(false)
      const { mesh } = this.#mesh
      // Removals that were begun end.
      yield* this.#until(() => this.#mesh.state.removals.size === 0)
      this.#takeOver()
      for (const domain of domains) {
        const name = NamespaceName.make(domain)
        const record = this.#mesh.state.namespaces.get(name)
        if (record?.status === "removing")
          return yield* Effect.die(new BrokenPromise(`${domain} is never removed`))
        if (record?.status === "disabled")
          yield* this.#ask(mesh.namespaces.setStatus(name, "enabled"), [])
        for (const owed of this.#owed.values()) {
          if (owed.domain !== name) continue
          yield* this.#ask(mesh.subscriptions.resume(name, SubscriptionName.make(owed.name)), [])
        }
      }
      const debts = (): string | undefined => {
        for (const owed of this.#owed.values()) {
          const debt = this.#unpaid(owed)
          if (debt !== undefined) return `${owed.domain}/${owed.name}: ${debt}`
        }
        return undefined
      }
      yield* this.#until(() => debts() === undefined)
      // Nothing comes after the end.
      yield* this.#simulation.advance("1 minute")
      this.#check()
      for (const domain of domains) this.#checkJournal(domain)
      this.#check()
      const debt = debts()
      if (debt !== undefined) throw new BrokenPromise(debt)
    })
  }

  #until(condition: () => boolean): Effect.Effect<void> {
    const turn = (turns: number): Effect.Effect<void> =>
      condition() || turns === 0
        ? Effect.void
        : Effect.zipRight(
            this.#simulation.advance("15 seconds"),
            Effect.suspend(() => turn(turns - 1)),
          )
    return turn(240)
  }

  #unpaid(owed: Owed): string | undefined {
    const holdings = this.#mesh.state.holdings.get(owed.domain)
    const letters = (holdings?.deadLetters.all() ?? []).filter(
      ({ replay, subscription }) => subscription === owed.name && replay === undefined,
    )
    const dead = new Set(letters.map(({ sequence }) => Number(sequence)))
    for (const { sequence } of this.#debts(owed)) {
      if (!owed.taken.has(sequence) && !dead.has(sequence)) return `${sequence} was never delivered`
    }
    for (const sequence of owed.overtaken) {
      if (!owed.taken.has(sequence) && !dead.has(sequence))
        return `${sequence} was overtaken in its key`
    }
    for (const { id, sequence, reason, attempts } of letters) {
      if (owed.inherited.has(id)) continue
      const known =
        reason._tag === "Rejected"
          ? owed.rejected.has(sequence) || owed.blamed.has(sequence)
          : reason._tag === "AttemptsExhausted" && attempts >= 5
      if (!known && owed.tries.has(sequence))
        return `${sequence} is dead for no reason: ${reason._tag}`
    }
    const progress = holdings?.progress.get(SubscriptionName.make(owed.name))
    if (progress !== undefined && progress.deferrals.size > 0)
      return "something is set aside for ever"
    const patterns = owed.patterns.map((pattern) => Either.getOrThrow(parseTypePattern(pattern)))
    return this.#replays.debt(owed.domain, owed.name, patterns, this.#journalOf(owed.domain))
  }
}
