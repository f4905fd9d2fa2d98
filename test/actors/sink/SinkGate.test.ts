// The gate of a sink: never more in flight than may be, one probe at a time while parked, and nobody
// who waits is forgotten.

import * as fc from "fast-check"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { type GateChange, type GateUser, SinkGate } from "../../../src/actors/sink/SinkGate.js"
import { defaultBreakerPolicy, Outcome, type Rate } from "../../../src/domain/index.js"

const connection = { deliver: () => Effect.succeed(Outcome.delivered()) }
const minutes = (count: number) => count * 60_000

/** A subscription with deliveries to make, which starts a worker for each place it is told of. */
class User implements GateUser {
  yields = false
  backlog = 0
  pumped = 0
  starting = 0
  readonly rejected: Array<number> = []
  readonly #gate: () => SinkGate
  constructor(gate: () => SinkGate) {
    this.#gate = gate
  }
  readonly pump = (): void => {
    this.pumped++
    if (this.backlog - this.starting <= 0) return this.#gate().release(this)
    const room = this.#gate().room(this)
    if (room <= 0) this.#gate().wait(this)
    else this.starting += Math.max(0, Math.min(room, this.backlog) - this.starting)
  }
  readonly rejectSuspect = (sequence: number): void => void this.rejected.push(sequence)
}

const setUp = (concurrency = 3, users = 2) => {
  const clock = { now: 1_000_000 }
  const changes: Array<GateChange> = []
  const gate = new SinkGate({
    concurrency,
    breaker: defaultBreakerPolicy,
    now: () => clock.now,
    random: () => 0.5,
    onChange: (change) => void changes.push(change),
  })
  gate.connect(connection)
  const all = Array.from({ length: users }, () => new User(() => gate))
  for (const user of all) gate.join(user)
  const [first = new User(() => gate), second = first] = all
  return { clock, changes, gate, users: all, first, second }
}

const fail = (gate: SinkGate, user: GateUser, key: number) => {
  expect(gate.enter(user)).toBe(true)
  gate.report(user, key, Outcome.retry("busy"))
  gate.leave(user)
}

const park = ({ gate, first }: ReturnType<typeof setUp>) => {
  for (let count = 0; count < 5; count++) fail(gate, first, count)
  expect(gate.parked?.cause).toBe("outage")
}

describe("SinkGate", () => {
  it("lets in as many as the sink takes at once, and pumps who waits when one leaves", () => {
    const { gate, first, second } = setUp(2)
    expect([gate.enter(first), gate.enter(first), gate.enter(second)]).toEqual([true, true, false])
    gate.report(first, 1, Outcome.delivered())
    gate.leave(first)
    expect([first.pumped, second.pumped]).toEqual([0, 1])
  })

  it("leaves a place with a user for some deliveries, then hands it to who waits", () => {
    const { gate, clock, first, second } = setUp(1)
    first.backlog = second.backlog = 100
    const deliver = (user: GateUser) => {
      if (!gate.enter(user)) return false
      gate.report(user, 1, Outcome.delivered())
      gate.leave(user)
      return true
    }
    expect(deliver(first)).toBe(true)
    gate.enter(first)
    expect(gate.enter(second)).toBe(false)
    gate.leave(first)
    // The first hand-over is due, since there was none for long: the place is kept for the second.
    expect([second.pumped, gate.room(first), gate.room(second)]).toEqual([1, 0, 1])
    expect(deliver(second)).toBe(true)
    gate.wait(first)
    let turns = 0
    while (deliver(second)) turns++
    expect(turns).toBeGreaterThan(10)
    expect(first.pumped).toBe(1)
    // One that has no use for it gives it back.
    gate.release(first)
    expect(deliver(second)).toBe(true)
    gate.wait(first)
    clock.now += 20
    expect(deliver(second)).toBe(true)
    expect(deliver(second)).toBe(false)
  })

  it("lets nobody in while the sink is closed, and pumps everybody when it is open", () => {
    const { gate, first, second } = setUp()
    gate.disconnect()
    expect(gate.enter(first)).toBe(false)
    gate.connect(connection)
    expect([first.pumped, second.pumped]).toEqual([1, 1])
    expect(gate.enter(first)).toBe(true)
  })

  it("parks for all after failures in a row, and says when to probe", () => {
    const set = setUp()
    park(set)
    expect(set.changes).toMatchObject([{ _tag: "Parked", cause: "outage", since: 1_000_000 }])
    expect(set.gate.enter(set.second)).toBe(false)
  })

  it("lets one probe in at a time, which retries what failed and tries what is fresh in turn", () => {
    const set = setUp()
    park(set)
    const kinds: Array<boolean> = []
    for (let probe = 0; probe < 4; probe++) {
      set.clock.now += minutes(6)
      expect(set.gate.enter(set.first)).toBe(true)
      expect(set.gate.enter(set.second)).toBe(false)
      kinds.push(set.gate.probeFresh)
      set.gate.report(set.first, 1, Outcome.retry("busy"), set.gate.probe)
      set.gate.leave(set.first)
      expect(set.gate.enter(set.second)).toBe(false)
    }
    expect(kinds).toEqual([true, false, true, false])
  })

  it("recovers on a probe that is taken, and pumps everybody", () => {
    const set = setUp()
    park(set)
    set.clock.now += minutes(6)
    set.gate.enter(set.first)
    set.gate.report(set.first, 1, Outcome.delivered())
    set.gate.leave(set.first)
    expect(set.gate.parked).toBeUndefined()
    expect(set.changes.at(-1)).toEqual({ _tag: "Recovered" })
    expect(set.second.pumped).toBe(1)
  })

  it("does not count failures against events while it is parked", () => {
    const set = setUp()
    expect(set.gate.enter(set.first)).toBe(true)
    expect(set.gate.report(set.first, 0, Outcome.retry("busy")).counts).toBe(true)
    set.gate.leave(set.first)
    park(setUp())
    for (let count = 1; count < 5; count++) fail(set.gate, set.first, count)
    set.clock.now += minutes(6)
    set.gate.enter(set.first)
    expect(set.gate.report(set.first, 0, Outcome.retry("busy")).counts).toBe(false)
  })

  it("says when another probe is due while one hangs", () => {
    const set = setUp()
    park(set)
    set.clock.now += minutes(6)
    set.gate.enter(set.first)
    const change = set.changes.at(-1)
    expect(change).toMatchObject({ _tag: "Parked", probeAt: set.clock.now + minutes(5) })
    expect(set.gate.enter(set.second)).toBe(false)
    set.clock.now += minutes(5)
    set.gate.probeDue()
    expect(set.second.pumped).toBe(1)
    expect(set.gate.enter(set.second)).toBe(true)
  })

  it("lets another probe in at once when one was cut off", () => {
    const set = setUp()
    park(set)
    set.clock.now += minutes(6)
    set.gate.enter(set.first)
    set.gate.leave(set.first, set.gate.probe)
    expect(set.gate.enter(set.second)).toBe(true)
  })

  it.each<readonly [string, Outcome | undefined]>([
    ["is cut off", undefined],
    ["fails", Outcome.retry("busy")],
    ["is refused", Outcome.misconfigured("401")],
  ])("lets no other probe in when an attempt %s that began before the probe", (_, outcome) => {
    const set = setUp()
    expect(set.gate.enter(set.second)).toBe(true)
    park(set)
    set.clock.now += minutes(6)
    expect(set.gate.enter(set.first)).toBe(true)
    const { probe } = set.gate
    if (outcome !== undefined) set.gate.report(set.second, 1, outcome)
    set.gate.leave(set.second)
    set.clock.now += minutes(4)
    expect(set.gate.enter(set.second)).toBe(false)
    set.gate.report(set.first, 1, Outcome.retry("busy"), probe)
    set.gate.leave(set.first, probe)
    expect(set.gate.enter(set.second)).toBe(false)
    set.clock.now += minutes(6)
    expect(set.gate.enter(set.second)).toBe(true)
  })

  it("recovers when an attempt succeeds that began before the probe, whatever becomes of the probe", () => {
    const set = setUp()
    expect(set.gate.enter(set.second)).toBe(true)
    park(set)
    set.clock.now += minutes(6)
    expect(set.gate.enter(set.first)).toBe(true)
    const { probe } = set.gate
    set.gate.report(set.second, 1, Outcome.delivered())
    set.gate.leave(set.second)
    expect(set.gate.parked).toBeUndefined()
    set.gate.leave(set.first, probe)
    expect(set.gate.parked).toBeUndefined()
  })

  it("asks again when a probe is announced before its time, and probes once the clock was set back", () => {
    const set = setUp()
    park(set)
    set.gate.wait(set.first)
    const announced = set.changes.length
    set.gate.probeDue()
    expect(set.first.pumped).toBe(0)
    expect(set.changes.length).toBe(announced + 1)
    set.clock.now -= minutes(60 * 24 * 3)
    set.gate.probeDue()
    expect(set.first.pumped).toBe(1)
    expect(set.gate.enter(set.first)).toBe(true)
  })

  it("rejects a suspect event when the sink takes another, where it was refused", () => {
    const { gate, users } = setUp(3, 3)
    const [a = new User(() => gate), b = a, c = a] = users
    for (const user of [a, b]) {
      gate.enter(user)
      expect(gate.report(user, 1, Outcome.misconfigured("401")).suspicion).toBe("Suspect")
      gate.leave(user)
    }
    gate.enter(c)
    gate.report(c, 2, Outcome.delivered())
    gate.leave(c)
    expect(users.map(({ rejected }) => rejected)).toEqual([[1], [1], []])
    expect(gate.parked).toBeUndefined()
  })

  it("does not hold one event against itself, whoever takes it", () => {
    const { gate, first, second } = setUp()
    gate.report(first, 1, Outcome.misconfigured("401"))
    gate.report(second, 1, Outcome.delivered())
    gate.report(second, 2, Outcome.delivered())
    expect([first.rejected, second.rejected]).toEqual([[], []])
  })

  it("parks as misconfigured when three different events are answered so", () => {
    const { gate, first, changes } = setUp()
    for (const sequence of [1, 1, 1, 2, 3]) {
      expect(gate.parked).toBeUndefined()
      gate.enter(first)
      gate.report(first, sequence, Outcome.misconfigured("401"))
      gate.leave(first)
    }
    expect(gate.parked?.cause).toBe("misconfigured")
    expect(changes).toMatchObject([{ _tag: "Parked", cause: "misconfigured", reason: "401" }])
  })

  it("does not park for one event that is refused for many subscriptions", () => {
    const { gate, users } = setUp(3, 5)
    for (const user of users) {
      gate.enter(user)
      expect(gate.report(user, 1, Outcome.misconfigured("401")).suspicion).toBe("Suspect")
      gate.leave(user)
    }
    expect(gate.parked).toBeUndefined()
  })

  it("forgets everything when it is reset", () => {
    const set = setUp()
    park(set)
    set.gate.reset()
    expect(set.gate.parked).toBeUndefined()
    expect(set.first.pumped).toBeGreaterThan(0)
    expect(set.gate.enter(set.first)).toBe(true)
  })
})

// --- Whatever happens ----------------------------------------------------------------------------

type Step =
  | { readonly _tag: "Publish"; readonly user: number }
  | { readonly _tag: "Enter"; readonly user: number }
  | { readonly _tag: "End"; readonly index: number; readonly outcome: Outcome | undefined }
  | { readonly _tag: "Advance"; readonly millis: number }
  | { readonly _tag: "Disconnect" }
  | { readonly _tag: "Connect" }
  | { readonly _tag: "Trip" }

const outcome = fc.constantFrom(
  Outcome.delivered(),
  Outcome.retry("busy"),
  Outcome.retry("busy"),
  Outcome.reject("no"),
  Outcome.misconfigured("401"),
  undefined,
)
const user = fc.nat(2)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ _tag: fc.constant("Publish" as const), user }) },
  { weight: 6, arbitrary: fc.record({ _tag: fc.constant("Enter" as const), user }) },
  {
    weight: 6,
    arbitrary: fc.record({ _tag: fc.constant("End" as const), index: fc.nat(4), outcome }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      _tag: fc.constant("Advance" as const),
      millis: fc.constantFrom(1, 500, 2_000, 400_000, -100_000_000),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ _tag: "Disconnect" }, { _tag: "Connect" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ _tag: "Trip" }) },
)

class Play {
  readonly set = setUp(3, 3)
  readonly flying: Array<{ readonly user: User; readonly probe: number }> = []
  connected = true
  timer: number | undefined
  delivered = 0
  seen = 0

  do(step: Step): void {
    const { set } = this
    switch (step._tag) {
      case "Publish": {
        const user = set.users[step.user]
        if (user === undefined) break
        user.backlog++
        user.pump()
        break
      }
      case "Enter": {
        const user = set.users[step.user]
        if (user !== undefined && user.starting > 0) this.enter(user)
        break
      }
      case "End":
        this.end(step.index, step.outcome)
        break
      case "Advance":
        this.advance(step.millis)
        break
      case "Disconnect":
        set.gate.disconnect()
        this.connected = false
        break
      case "Connect":
        this.connected = true
        set.gate.connect(connection)
        set.gate.announce()
        break
      case "Trip":
        set.gate.trip("out")
        break
    }
    this.hear()
  }

  /** The actor keeps the timer of the last announcement. */
  hear(): void {
    for (const change of this.set.changes.slice(this.seen)) {
      this.timer =
        change._tag === "Parked" ? Math.max(0, change.probeAt - this.set.clock.now) : undefined
    }
    this.seen = this.set.changes.length
  }

  /** A timer runs by a clock of its own: setting the time of day does not move it. */
  advance(millis: number): void {
    this.set.clock.now += millis
    if (this.timer === undefined || millis < 0) return
    this.timer -= millis
    if (this.timer > 0) return
    this.timer = undefined
    this.set.gate.probeDue()
    this.hear()
  }

  enter(user: User): void {
    const { gate } = this.set
    user.starting--
    if (user.backlog === 0) return gate.pass(user)
    if (!gate.enter(user)) return
    expect(this.connected).toBe(true)
    user.backlog--
    this.flying.push({ user, probe: gate.probe })
    if (gate.probe === 0) expect(gate.active).toBeLessThanOrEqual(3)
    this.hear()
  }

  end(index: number, outcome: Outcome | undefined): void {
    const [one] = this.flying.splice(index, 1)
    if (one === undefined) return
    if (outcome !== undefined) {
      this.set.gate.report(one.user, index, outcome, one.probe)
      if (outcome._tag === "Delivered") this.delivered++
    }
    if (outcome?._tag !== "Delivered") one.user.backlog++
    // As a worker does: it leaves and enters again, or passes.
    this.set.gate.leave(one.user, one.probe)
    one.user.starting++
    this.enter(one.user)
    one.user.pump()
    this.hear()
  }

  /** The sink works from here on: everything must get through without anybody's help. */
  finish(): void {
    if (!this.connected) this.do({ _tag: "Connect" })
    for (let turns = 0; turns < 2_000; turns++) {
      const starting = this.set.users.find((user) => user.starting > 0)
      if (starting !== undefined) this.enter(starting)
      else if (this.flying.length > 0) this.end(0, Outcome.delivered())
      else if (this.timer !== undefined) this.advance(Math.max(1, this.timer))
      else return
    }
  }
}

describe("SinkGate, whatever happens", () => {
  it("forgets nobody: once the sink works, everything gets through", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const play = new Play()
        for (const each of steps) play.do(each)
        play.finish()
        expect(play.set.users.map(({ backlog }) => backlog)).toEqual([0, 0, 0])
        expect(play.set.gate.active).toBe(0)
      }),
      { numRuns: 2_000 },
    )
  })

  it("lets one probe in at a time while it is parked", () => {
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 30 }), (answers) => {
        const set = setUp(3, 1)
        park(set)
        for (const answer of answers) {
          if (set.gate.parked === undefined) return
          set.clock.now += 400_000
          expect(set.gate.enter(set.first)).toBe(true)
          expect(set.gate.enter(set.first)).toBe(false)
          const { probe } = set.gate
          if (answer !== undefined) set.gate.report(set.first, 1, answer, probe)
          set.gate.leave(set.first, probe)
        }
      }),
    )
  })
})

describe("Users that yield", () => {
  const setUpReplay = (concurrency: number) => {
    const { gate, first: live, second: replay } = setUp(concurrency)
    replay.yields = true
    return { gate, live, replay }
  }

  it("have half of the places at most, and one at least", () => {
    for (const [concurrency, places] of [
      [1, 1],
      [2, 1],
      [7, 3],
    ] as const) {
      const { gate, replay } = setUpReplay(concurrency)
      let entered = 0
      while (gate.enter(replay)) entered++
      expect(entered).toBe(places)
    }
  })

  it("leave their place to whoever waits and does not yield", () => {
    const { gate, live, replay } = setUpReplay(1)
    expect(gate.enter(replay)).toBe(true)
    live.backlog = 1
    expect(gate.enter(live)).toBe(false)
    gate.report(replay, 1, Outcome.delivered())
    gate.leave(replay)
    expect(gate.enter(replay)).toBe(false)
    expect(live.starting).toBe(1)
    expect(gate.enter(live)).toBe(true)
  })

  it("get a turn now and then beside one that waits for every place", () => {
    const { gate, live, replay } = setUpReplay(1)
    const other = new User(() => gate)
    gate.join(other)
    replay.backlog = 1
    live.backlog = other.backlog = 100_000
    let user = live
    expect(gate.enter(live)).toBe(true)
    expect(gate.enter(replay)).toBe(false)
    let deliveries = 0
    for (; replay.starting === 0 && deliveries < 10_000; deliveries++) {
      gate.wait(user === live ? other : live)
      gate.report(user, deliveries, Outcome.delivered())
      gate.leave(user)
      if (!gate.enter(user)) {
        user.starting = 0
        user = user === live ? other : live
        if (replay.starting === 0) expect(gate.enter(user)).toBe(true)
      }
    }
    expect(deliveries).toBeGreaterThan(32)
    expect(deliveries).toBeLessThanOrEqual(32 * 8)
    expect(gate.enter(replay)).toBe(true)
  })
})

describe("a rate that the connection learns later", () => {
  it("is kept to from the change of its availability on", () => {
    const { clock, first, gate } = setUp()
    const learned: { rate: Rate | undefined; changed: () => void } = {
      rate: { amount: 1, perMillis: 1_000, burst: 1 },
      changed: () => undefined,
    }
    gate.connect({
      ...connection,
      get rate() {
        return learned.rate
      },
      availability: {
        current: () => true,
        watch: (changed) => {
          learned.changed = changed
          return () => undefined
        },
      },
    })
    const learn = (rate: Rate | undefined) => {
      learned.rate = rate
      learned.changed()
    }
    expect(gate.enter(first)).toBe(true)
    expect(gate.room(first)).toBe(0)
    learn({ amount: 60, perMillis: 60_000, burst: 1 })
    expect(gate.room(first)).toBe(0)
    clock.now += 1_000
    expect(gate.room(first)).toBe(1)
    learn(undefined)
    expect(gate.room(first)).toBe(2)
  })
})
