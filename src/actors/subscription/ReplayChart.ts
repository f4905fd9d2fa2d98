// What a replay's actor decides: it delivers until everything up to its end is over, then it ends by
// itself. Paused or cancelled, it is stopped from above.

import type { Cause } from "effect"
import { setup } from "xstate"

export type ReplayMessage =
  /** Everything up to its end is over and written. */
  | { readonly type: "Done" }
  /** The feed ended before that, which only a defect can make it do. */
  | { readonly type: "FeedEnded"; readonly cause: Cause.Cause<never> }

export type ReplayCommand =
  | { readonly _tag: "StartFeed" }
  | { readonly _tag: "Complete" }
  | { readonly _tag: "Crash"; readonly cause: Cause.Cause<never> }

const charts = setup({
  types: { events: {} as ReplayMessage },
  actions: { perform: (_, _command: ReplayCommand) => undefined },
})

export const replayMachine = charts.createMachine({
  id: "replay",
  initial: "running",
  states: {
    running: {
      entry: { type: "perform", params: (): ReplayCommand => ({ _tag: "StartFeed" }) },
      on: {
        Done: "completed",
        FeedEnded: {
          actions: {
            type: "perform",
            params: ({ event }): ReplayCommand => ({ _tag: "Crash", cause: event.cause }),
          },
        },
      },
    },
    completed: {
      type: "final",
      entry: { type: "perform", params: (): ReplayCommand => ({ _tag: "Complete" }) },
    },
  },
})
