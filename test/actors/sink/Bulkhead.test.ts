// What the sinks of a namespace share: never more in flight over all of them than may be, none starves
// the others, and nobody who waits is forgotten, whatever happens to a sink.

import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Bulkhead } from "../../../src/actors/sink/Bulkhead.js"
import { type GateUser, SinkGate } from "../../../src/actors/sink/SinkGate.js"
import { defaultBreakerPolicy, Outcome, type Rate } from "../../../src/domain/index.js"

/** A subscription: its worker takes deliveries as a feed's does. */
class User implements GateUser {
  backlog = 0
  readonly yields: boolean
  /** Workers that were started and have not run. */
  starting = 0
  readonly gate: SinkGate
  constructor(gate: SinkGate, yields: boolean) {
    this.gate = gate
    this.yields = yields
    gate.join(this)
  }
  readonly pump = (): void => {
    const ready = this.backlog - this.starting
    if (ready <= 0) return this.gate.release(this)
    const room = this.gate.room(this)
    if (room <= 0) return this.gate.wait(this)
    if (room < ready) this.gate.want(this)
    this.starting += Math.min(room, ready)
  }
  readonly rejectSuspect = (): void => undefined
}

interface Sink {
  readonly gate: SinkGate
  readonly rate: Rate | undefined
  connected: boolean
  probeAt: number | undefined
  alarmAt: number | undefined
}

class Play {
  now = 1_000_000
  readonly limit: number
  readonly bulkhead: Bulkhead
  readonly sinks: ReadonlyArray<Sink>
  readonly users: ReadonlyArray<User>
  readonly flying: Array<{ readonly user: User; readonly probe: number }> = []

  constructor(limit: number) {
    this.limit = limit
    this.bulkhead = new Bulkhead(limit, () => this.now)
    this.sinks = [
      this.#sink(undefined),
      this.#sink({ amount: 2, perMillis: 1_000, burst: 2 }),
      this.#sink(undefined),
    ]
    this.users = this.sinks.flatMap(({ gate }) => [new User(gate, false), new User(gate, true)])
  }

  #sink(rate: Rate | undefined): Sink {
    const sink: Sink = {
      gate: new SinkGate({
        concurrency: 2,
        breaker: defaultBreakerPolicy,
        now: () => this.now,
        random: () => 0.5,
        onChange: (change) => {
          sink.probeAt = change._tag === "Parked" ? change.probeAt : undefined
        },
        bulkhead: this.bulkhead,
        alarm: (at) => {
          sink.alarmAt = Math.min(at, sink.alarmAt ?? at)
        },
      }),
      rate,
      connected: false,
      probeAt: undefined,
      alarmAt: undefined,
    }
    this.connect(sink)
    return sink
  }

  connect(sink: Sink): void {
    sink.connected = true
    sink.gate.connect({
      deliver: () => Effect.succeed(Outcome.delivered()),
      ...(sink.rate === undefined ? {} : { rate: sink.rate }),
    })
    sink.gate.announce()
  }

  /** A worker that was started takes its delivery, if there is one and it is let in. */
  begin(user: User): void {
    user.starting--
    if (user.backlog === 0) return user.gate.pass(user)
    if (!user.gate.enter(user)) return
    user.backlog--
    this.flying.push({ user, probe: user.gate.probe })
    expect(this.flying.length).toBeLessThanOrEqual(this.limit)
  }

  end(index: number, outcome: Outcome | undefined): void {
    const [one] = this.flying.splice(index, 1)
    if (one === undefined) return
    const { probe, user } = one
    if (outcome !== undefined) user.gate.report(user, 1, outcome, probe)
    if (outcome?._tag !== "Delivered") user.backlog++
    user.gate.leave(user, probe)
    user.starting++
    this.begin(user)
    user.pump()
  }

  advance(millis: number): void {
    this.now += millis
    for (const sink of this.sinks) {
      if ((sink.probeAt ?? Infinity) <= this.now) {
        sink.probeAt = undefined
        sink.gate.probeDue()
      }
      if ((sink.alarmAt ?? Infinity) <= this.now) {
        sink.alarmAt = undefined
        sink.gate.tokenDue()
      }
    }
  }

  /** Everything works from here on: all must get through without anybody's help. */
  finish(): void {
    for (const sink of this.sinks) if (!sink.connected) this.connect(sink)
    for (let turns = 0; turns < 5_000; turns++) {
      const starting = this.users.find((user) => user.starting > 0)
      const next = Math.min(
        ...this.sinks.map(({ alarmAt, probeAt }) =>
          Math.min(alarmAt ?? Infinity, probeAt ?? Infinity),
        ),
      )
      if (starting !== undefined) this.begin(starting)
      else if (this.flying.length > 0) this.end(0, Outcome.delivered())
      else if (next < Infinity) this.advance(Math.max(1, next - this.now))
      else return
    }
  }
}

const index = fc.nat(5)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant("publish" as const), index, fc.nat(4)) },
  { weight: 8, arbitrary: fc.tuple(fc.constant("begin" as const), index, fc.constant(0)) },
  { weight: 8, arbitrary: fc.tuple(fc.constant("end" as const), index, fc.nat(5)) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant("advance" as const),
      index,
      fc.constantFrom(1, 11, 600, 90_000),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant("disconnect" as const), index, fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("connect" as const), index, fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("trip" as const), index, fc.constant(0)) },
)

const outcomes = [
  Outcome.delivered(),
  Outcome.delivered(),
  Outcome.retry("busy"),
  Outcome.reject("no"),
  Outcome.misconfigured("401"),
  undefined,
]

const play = (
  game: Play,
  [what, at, how]: typeof step extends fc.Arbitrary<infer S> ? S : never,
) => {
  const user = game.users[at]
  const sink = game.sinks[at >> 1]
  if (user === undefined || sink === undefined) return
  switch (what) {
    case "publish":
      user.backlog += how
      return user.pump()
    case "begin":
      return user.starting > 0 ? game.begin(user) : undefined
    case "end":
      return game.end(at, outcomes[how])
    case "advance":
      return game.advance(how)
    case "disconnect":
      sink.connected = false
      return sink.gate.disconnect()
    case "connect":
      return game.connect(sink)
    case "trip":
      return sink.gate.trip("out")
  }
}

describe("A bulkhead over the sinks of a namespace", () => {
  it("is never overfull and forgets nobody, whatever happens to the sinks", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.array(step, { maxLength: 80 }),
        (limit, steps) => {
          const game = new Play(limit)
          for (const each of steps) play(game, each)
          game.finish()
          expect(game.users.map(({ backlog }) => backlog)).toEqual([0, 0, 0, 0, 0, 0])
          expect(game.sinks.map(({ gate }) => gate.active)).toEqual([0, 0, 0])
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it("gives each sink its turn, also beside one that is never done", () => {
    const game = new Play(2)
    const [busy, , , , modest] = game.users
    if (busy === undefined || modest === undefined) throw new Error("there are six")
    busy.backlog = 10_000
    busy.pump()
    while (busy.starting > 0) game.begin(busy)
    modest.backlog = 3
    modest.pump()
    let turns = 0
    for (; modest.backlog > 0 && turns < 200; turns++) {
      if (modest.starting > 0) game.begin(modest)
      else game.end(0, Outcome.delivered())
    }
    expect(modest.backlog).toBe(0)
    expect(turns).toBeLessThan(150)
  })

  it("leaves the place of a parked sink to the others", () => {
    const game = new Play(2)
    const [out, , , , well] = game.users
    if (out === undefined || well === undefined) throw new Error("there are six")
    out.gate.trip("out")
    out.backlog = well.backlog = 20
    out.pump()
    well.pump()
    for (let turns = 0; turns < 40 && well.backlog > 0; turns++) {
      while (well.starting > 0) game.begin(well)
      game.end(0, Outcome.delivered())
    }
    expect(well.backlog).toBe(0)
    expect(out.backlog).toBe(20)
  })

  it("takes back a place that was kept for a sink which parks before it comes", () => {
    const game = new Play(1)
    const [busy, , , , out] = game.users
    if (busy === undefined || out === undefined) throw new Error("there are six")
    busy.backlog = 100
    out.backlog = 1
    busy.pump()
    game.begin(busy)
    out.pump()
    while (out.starting === 0) game.end(0, Outcome.delivered())
    expect(busy.backlog).toBeGreaterThan(0)
    out.gate.trip("out")
    game.begin(out)
    for (let turns = 0; turns < 300 && busy.backlog > 0; turns++) {
      if (busy.starting > 0) game.begin(busy)
      else game.end(0, Outcome.delivered())
    }
    expect([busy.backlog, out.backlog]).toEqual([0, 1])
  })

  it("is filled by one sink alone as soon as the others are done", () => {
    const game = new Play(2)
    const [first, , , , second] = game.users
    if (first === undefined || second === undefined) throw new Error("there are six")
    first.backlog = 3
    second.backlog = 10
    first.pump()
    while (first.starting > 0) game.begin(first)
    second.pump()
    while (first.backlog > 0 || game.flying.some(({ user }) => user === first)) {
      while (second.starting > 0) game.begin(second)
      game.end(
        Math.max(
          0,
          game.flying.findIndex(({ user }) => user === first),
        ),
        Outcome.delivered(),
      )
    }
    while (second.starting > 0) game.begin(second)
    expect(game.flying.map(({ user }) => user)).toEqual([second, second])
  })
})
