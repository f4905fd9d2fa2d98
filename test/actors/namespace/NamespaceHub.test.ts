import * as fc from "fast-check"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { NamespaceHub, type Route } from "../../../src/actors/namespace/NamespaceHub.js"
import {
  JournaledEvent,
  NamespaceName,
  parseTypePattern,
  Sequence,
  type TypePattern,
} from "../../../src/domain/index.js"
import { cloudEvent } from "../../laws/LawEvents.js"

const pattern = (text: string): TypePattern => Either.getOrThrow(parseTypePattern(text))
const event = (sequence: number, type: string) =>
  JournaledEvent.of(
    Sequence.make(sequence),
    cloudEvent({ id: `${sequence}`, source: "/", type }),
    1,
  )
const hub = () =>
  new NamespaceHub(NamespaceName.make("a.example"), "i", "enabled", Sequence.make(0), 0)

/** Takes what it is offered until it falls behind; then it would read the journal from there. */
class Follower implements Route {
  readonly offered: Array<number> = []
  cursor: number | undefined
  readonly offer = ({ sequence }: JournaledEvent) => {
    if (this.cursor === undefined) this.offered.push(sequence)
  }
  readonly offerEphemeral = () => true
  readonly drop = () => undefined
  readonly fallBehind = (cursor: Sequence) => {
    this.cursor ??= cursor
  }
  readonly pump = () => undefined
}

describe("NamespaceHub", () => {
  it("leaves no gap: what a route is not offered, it is told to read", () => {
    const moves = fc.array(
      fc.oneof(
        fc.record({ commit: fc.integer({ min: 1, max: 4 }), lost: fc.constantFrom(0, 0, 1, 3) }),
        fc.record({ advance: fc.nat(3) }),
      ),
    )
    fc.assert(
      fc.property(moves, (moves) => {
        const target = hub()
        const all = new Follower()
        const none = new Follower()
        target.route(all, [pattern("*")])
        target.route(none, [pattern("other")])
        let head = 0
        for (const move of moves) {
          if ("advance" in move) {
            target.advance(Sequence.make(head + move.advance))
            head += move.advance
          } else {
            head += move.lost
            const events = Array.from({ length: move.commit }, () => event(++head, "t"))
            target.committed(events)
          }
          expect(target.head).toBe(head)
        }
        const upTo = all.cursor ?? head
        expect(all.offered).toEqual(Array.from({ length: upTo }, (_, index) => index + 1))
        expect(none.offered).toEqual([])
        expect(none.cursor).toBe(all.cursor)
      }),
    )
  })

  it("does not fall back when the journal was asked while events were on their way", () => {
    const target = hub()
    const follower = new Follower()
    target.route(follower, [pattern("*")])
    target.advance(Sequence.make(5))
    target.committed([event(4, "t"), event(5, "t")])
    expect(target.head).toBe(5)
    expect(follower.cursor).toBe(0)
  })

  it("refuses by its status, and keeps to a removal", () => {
    const target = hub()
    expect(target.refusal).toBeUndefined()
    target.status = "disabled"
    expect(target.refusal?._tag).toBe("NamespaceDisabled")
    target.status = "removing"
    target.fallAsleep()
    expect(target.refusal?._tag).toBe("NamespaceRemoving")
  })

  it("ends live routes when it falls asleep", () => {
    const target = hub()
    let ended = 0
    const end = () => void ended++
    target.route(Object.assign(new Follower(), { end }), [pattern("*")])
    target.fallAsleep()
    expect([ended, target.status]).toEqual([1, "asleep"])
  })
})
