import { describe, expect, it } from "vitest"
import {
  type AnyStateMachine,
  assign,
  enqueueActions,
  fromPromise,
  raise,
  sendTo,
  setup,
} from "xstate"
import { fromMachine, UnsupportedMachine } from "../../../src/actors/kernel/index.js"

type Command =
  | { readonly _tag: "Open"; readonly door: string }
  | { readonly _tag: "Close"; readonly door: string }

interface Context {
  readonly door: string
  readonly opened: number
}

const base = setup({
  types: {
    context: {} as Context,
    events: {} as
      | { readonly type: "open"; readonly by: string }
      | { readonly type: "close" }
      | { readonly type: "burn" },
    input: {} as { readonly door: string },
  },
  actions: {
    perform: (_args, _command: Command) => undefined,
    count: assign({ opened: ({ context }) => context.opened + 1 }),
  },
  guards: { known: ({ event }) => event.type === "open" && event.by !== "stranger" },
})

const inputs: Array<unknown> = []

const door = base.createMachine({
  id: "door",
  context: ({ input }) => {
    inputs.push(input)
    return { door: input.door, opened: 0 }
  },
  initial: "shut",
  entry: {
    type: "perform",
    params: ({ context }): Command => ({ _tag: "Close", door: context.door }),
  },
  states: {
    shut: {
      on: {
        open: {
          target: "open.wide",
          guard: "known",
          actions: [
            "count",
            {
              type: "perform",
              params: ({ context }): Command => ({ _tag: "Open", door: context.door }),
            },
          ],
        },
        burn: "ashes",
      },
    },
    open: {
      initial: "ajar",
      states: { ajar: { always: "wide" }, wide: {} },
      on: {
        close: {
          target: "shut",
          actions: {
            type: "perform",
            params: ({ context }): Command => ({ _tag: "Close", door: context.door }),
          },
        },
      },
    },
    ashes: { type: "final" },
  },
})

describe("fromMachine", () => {
  it("steps like the machine and collects its commands in order", () => {
    const chart = fromMachine(door, { door: "front" })
    const [shut, first] = chart.initial
    expect(first).toEqual([{ _tag: "Close", door: "front" }])
    expect(chart.label(shut)).toBe("shut")
    const [still, nothing] = chart.step(shut, { type: "open", by: "stranger" })
    expect(chart.label(still)).toBe("shut")
    expect(nothing).toEqual([])
    const [open, opening] = chart.step(still, { type: "open", by: "friend" })
    expect(opening).toEqual([{ _tag: "Open", door: "front" }])
    expect(chart.label(open)).toBe("open.wide")
    expect(open.context).toEqual({ door: "front", opened: 1 })
    expect(chart.isFinal?.(open)).toBe(false)
    const [ashes] = chart.step(shut, { type: "burn" })
    expect(chart.isFinal?.(ashes)).toBe(true)
  })

  it("runs the context factory once, with the input, never with undefined", () => {
    inputs.length = 0
    const chart = fromMachine(door, { door: "back" })
    let [state] = chart.initial
    for (let n = 0; n < 10; n++) {
      ;[state] = chart.step(state, { type: "open", by: "friend" })
      ;[state] = chart.step(state, { type: "close" })
    }
    expect(state.context.opened).toBe(10)
    expect(inputs).toEqual([{ door: "back" }])
  })

  it("keeps charts of one machine apart", () => {
    const [a] = fromMachine(door, { door: "a" }).initial
    const [b] = fromMachine(door, { door: "b" }).initial
    expect([a.context.door, b.context.door]).toEqual(["a", "b"])
  })

  it("lets a failing context factory, guard or assignment fail", () => {
    const broken = base.createMachine({
      context: () => {
        throw new Error("no context")
      },
    })
    expect(() => fromMachine(broken, { door: "x" })).toThrow("no context")
    const explosive = base.createMachine({
      context: { door: "x", opened: 0 },
      on: {
        close: {
          actions: assign(() => {
            throw new Error("no step")
          }),
        },
      },
    })
    const chart = fromMachine(explosive, { door: "x" })
    expect(() => chart.step(chart.initial[0], { type: "close" })).toThrow("no step")
  })

  it("accepts raise and enqueueActions", () => {
    const machine = base.createMachine({
      context: { door: "x", opened: 0 },
      initial: "a",
      states: {
        a: { on: { open: { actions: raise({ type: "close" }) }, close: "b" } },
        b: {
          entry: enqueueActions(({ enqueue }) => {
            enqueue("count")
            enqueue({ type: "perform", params: { _tag: "Close", door: "x" } })
          }),
        },
      },
    })
    const chart = fromMachine(machine, { door: "x" })
    const [state, commands] = chart.step(chart.initial[0], { type: "open", by: "friend" })
    expect(chart.label(state)).toBe("b")
    expect(state.context.opened).toBe(1)
    expect(commands).toEqual([{ _tag: "Close", door: "x" }])
  })

  const context = { door: "x", opened: 0 }
  const shut = "shut"
  const refused = {
    "an invoke": setup({
      actors: { fetch: fromPromise(async () => undefined) },
    }).createMachine({ invoke: { src: "fetch" } }),
    "a delayed transition": base.createMachine({
      context,
      initial: shut,
      states: { shut: { after: { 1000: "shut" } } },
    }),
    sendTo: base.createMachine({ context, entry: sendTo("other", { type: "close" }) }),
    "an action written in place": base.createMachine({ context, exit: () => undefined }),
    "a delayed raise": base.createMachine({
      context,
      on: { open: { actions: raise({ type: "close" }, { delay: 10 }) } },
    }),
    "a named action that is not pure": setup({
      types: { context: {} as Context },
      actions: { ring: () => undefined },
    }).createMachine({
      context,
      initial: shut,
      states: { shut: { initial: "deep", states: { deep: { always: [{ actions: "ring" }] } } } },
    }),
  }
  for (const [what, machine] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      expect(() => fromMachine<AnyStateMachine>(machine, undefined)).toThrow(UnsupportedMachine)
    })
  }

  it("refuses at run time what enqueueActions hides", () => {
    const machine = base.createMachine({
      context,
      on: { open: { actions: enqueueActions(({ enqueue }) => enqueue.emit({ type: "x" })) } },
    })
    const chart = fromMachine(machine, { door: "x" })
    expect(() => chart.step(chart.initial[0], { type: "open", by: "a" })).toThrow(
      UnsupportedMachine,
    )
  })
})
