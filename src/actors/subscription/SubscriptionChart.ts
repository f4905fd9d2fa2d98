// What a subscription's actor decides: whether it delivers. Active, it has a feed; paused by a person
// or disabled because its destination asked to stop, it keeps its position and nothing else.

import type { Cause } from "effect"
import { setup } from "xstate"
import type { Reason, ReplayId, Subscription, SubscriptionStatus } from "../../domain/index.js"
import type { Reply } from "../kernel/index.js"
import type { StoreUnavailable } from "../ports/index.js"

export type ChangeReply = Reply<Subscription, StoreUnavailable>

export type SubscriptionMessage =
  | { readonly type: "Pause"; readonly reply: ChangeReply }
  | { readonly type: "Resume"; readonly reply: ChangeReply }
  /** The destination answered that it wants nothing more, or the feed cannot run as configured. */
  | { readonly type: "Gone"; readonly reason: Reason }
  /** A replay was added, or one that kept crashing has rested. */
  | { readonly type: "StartReplay"; readonly id: string }
  /** Lets what is in flight of a replay end, then stops it. */
  | { readonly type: "StopReplay"; readonly id: ReplayId; readonly reply: Reply<void> }
  | { readonly type: "ReplayGaveUp"; readonly id: string }
  /** A change was refused by the store: what is stored holds. */
  | { readonly type: "NotSaved"; readonly status: SubscriptionStatus }
  /** The feed ended by itself, which only a defect can make it do. */
  | { readonly type: "FeedEnded"; readonly cause: Cause.Cause<never> }

export type SubscriptionCommand =
  | { readonly _tag: "StartFeed" }
  | { readonly _tag: "StopFeed" }
  | { readonly _tag: "StartReplay" | "ScheduleReplay"; readonly id: string }
  | { readonly _tag: "StopReplay"; readonly id: ReplayId; readonly reply: Reply<void> }
  | {
      readonly _tag: "Save"
      readonly status: SubscriptionStatus
      readonly reason?: Reason
      readonly reply?: ChangeReply
    }
  | { readonly _tag: "Crash"; readonly cause: Cause.Cause<never> }

const charts = setup({
  types: {
    input: {} as { readonly status: SubscriptionStatus },
    context: {} as { readonly status: SubscriptionStatus },
    events: {} as SubscriptionMessage,
  },
  guards: {
    isPaused: ({ context }) => context.status === "paused",
    isDisabled: ({ context }) => context.status === "disabled",
    staysPaused: ({ event }) => event.type === "NotSaved" && event.status === "paused",
    staysDisabled: ({ event }) => event.type === "NotSaved" && event.status === "disabled",
  },
  actions: { perform: (_, _command: SubscriptionCommand) => undefined },
})

const startFeed = {
  type: "perform",
  params: (): SubscriptionCommand => ({ _tag: "StartFeed" }),
} as const
const stopFeed = {
  type: "perform",
  params: (): SubscriptionCommand => ({ _tag: "StopFeed" }),
} as const
const saveFor = (status: SubscriptionStatus) =>
  ({
    type: "perform",
    params: ({
      event,
    }: {
      readonly event: { readonly reply: ChangeReply }
    }): SubscriptionCommand => ({
      _tag: "Save",
      status,
      reply: event.reply,
    }),
  }) as const
export const subscriptionMachine = charts.createMachine({
  id: "subscription",
  context: ({ input }) => ({ status: input.status }),
  initial: "starting",
  on: {
    StopReplay: {
      actions: {
        type: "perform",
        params: ({ event: { id, reply } }): SubscriptionCommand => ({
          _tag: "StopReplay",
          id,
          reply,
        }),
      },
    },
    NotSaved: [
      { guard: "staysPaused", target: ".paused" },
      { guard: "staysDisabled", target: ".disabled" },
      { target: ".active" },
    ],
  },
  states: {
    starting: {
      always: [
        { guard: "isPaused", target: "paused" },
        { guard: "isDisabled", target: "disabled" },
        { target: "active" },
      ],
    },
    active: {
      entry: startFeed,
      exit: stopFeed,
      on: {
        Pause: { target: "paused", actions: saveFor("paused") },
        Resume: { actions: saveFor("active") },
        StartReplay: {
          actions: {
            type: "perform",
            params: ({ event: { id } }): SubscriptionCommand => ({ _tag: "StartReplay", id }),
          },
        },
        ReplayGaveUp: {
          actions: {
            type: "perform",
            params: ({ event: { id } }): SubscriptionCommand => ({ _tag: "ScheduleReplay", id }),
          },
        },
        Gone: {
          target: "disabled",
          actions: {
            type: "perform",
            params: ({ event }): SubscriptionCommand => ({
              _tag: "Save",
              status: "disabled",
              reason: event.reason,
            }),
          },
        },
        FeedEnded: {
          actions: {
            type: "perform",
            params: ({ event }): SubscriptionCommand => ({ _tag: "Crash", cause: event.cause }),
          },
        },
      },
    },
    paused: {
      on: {
        Pause: { actions: saveFor("paused") },
        Resume: { target: "active", actions: saveFor("active") },
      },
    },
    disabled: {
      on: {
        Pause: { target: "paused", actions: saveFor("paused") },
        Resume: { target: "active", actions: saveFor("active") },
      },
    },
  },
})
