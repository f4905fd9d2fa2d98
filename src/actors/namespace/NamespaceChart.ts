// What a namespace's actor decides: whether its sinks and subscriptions run, and which requests it
// takes. Disabled, it keeps everything and delivers nothing; leaving, it only ends what runs.

import { setup } from "xstate"
import {
  type InFlightReport,
  type InvalidSetting,
  type Namespace,
  type NamespaceName,
  NamespaceRemoving,
  type NamespaceStatus,
  type RotationUnderWay,
  type Replay,
  type ReplayNotFound,
  type Sequence,
  type Sink,
  type SinkInUse,
  type SinkName,
  type SinkNotFound,
  type Subscription,
  type SubscriptionName,
  type SubscriptionNotFound,
  type TooManyReplays,
} from "../../domain/index.js"
import type { ActorExit, Reply } from "../kernel/index.js"
import type { ReplayKey, StoreUnavailable } from "../ports/index.js"
import type { SecretRotation } from "../sink/RotateSecret.js"
import type { NamespaceSeat } from "./NamespaceSeat.js"

/** What can be asked of a namespace that is not being removed; served one after the other. */
export type NamespaceRequest =
  | {
      readonly type: "PutSink"
      readonly sink: Sink
      readonly reply: Reply<Sink, StoreUnavailable | NamespaceRemoving>
    }
  | {
      readonly type: "DeleteSink"
      readonly name: SinkName
      readonly reply: Reply<void, StoreUnavailable | NamespaceRemoving | SinkNotFound | SinkInUse>
    }
  /** A secret of a sink is replaced while the sink goes on. */
  | {
      readonly type: "RotateSecret"
      readonly name: SinkName
      readonly rotation: SecretRotation
      readonly reply: Reply<
        Sink,
        StoreUnavailable | NamespaceRemoving | SinkNotFound | InvalidSetting | RotationUnderWay
      >
    }
  /** The signing keys of the namespace have changed. */
  | {
      readonly type: "RenewSigners"
      readonly reply: Reply<void, StoreUnavailable | NamespaceRemoving>
    }
  | {
      readonly type: "PutSubscription"
      readonly subscription: Subscription
      /** Where it starts, if it is new. */
      readonly position: Sequence
      readonly reply: Reply<Subscription, StoreUnavailable | NamespaceRemoving | SinkNotFound>
    }
  | {
      readonly type: "DeleteSubscription"
      readonly name: SubscriptionName
      readonly reply: Reply<void, StoreUnavailable | NamespaceRemoving | SubscriptionNotFound>
    }
  | {
      readonly type: "Pause" | "Resume"
      readonly name: SubscriptionName
      readonly reply: Reply<
        Subscription,
        StoreUnavailable | NamespaceRemoving | SubscriptionNotFound
      >
    }
  /** A new replay, as it is to be stored. */
  | {
      readonly type: "StartReplay"
      readonly replay: Replay
      readonly reply: Reply<
        Replay,
        StoreUnavailable | NamespaceRemoving | SubscriptionNotFound | TooManyReplays
      >
    }
  | {
      readonly type: "CancelReplay"
      readonly key: ReplayKey
      readonly reply: Reply<
        Replay,
        StoreUnavailable | NamespaceRemoving | SubscriptionNotFound | ReplayNotFound
      >
    }
  /** The record or what it inherits has changed in the store: take it over. */
  | {
      readonly type: "Reload"
      readonly reply: Reply<Namespace, StoreUnavailable | NamespaceRemoving>
    }

export type NamespaceMessage =
  | NamespaceRequest
  /** The seat, to publish to and to look at. */
  | { readonly type: "Seat"; readonly reply: Reply<NamespaceSeat> }
  | { readonly type: "Enabled" }
  | { readonly type: "Disabled" }
  | { readonly type: "IdleCheck" }
  /** Refuse publishes and wait for those under way. */
  | { readonly type: "Refuse"; readonly reply: Reply<void> }
  /** Withdraw all routes. */
  | { readonly type: "Withdraw"; readonly reply: Reply<void> }
  /** Start no delivery and wait for those in flight, up to the deadline. */
  | { readonly type: "Drain"; readonly reply: Reply<InFlightReport> }
  | { readonly type: "ChildGaveUp"; readonly key: string; readonly exit: ActorExit }
  | { readonly type: "ReviveChild"; readonly key: string }
  | { readonly type: "TaskEnded" }

export type NamespaceCommand =
  | { readonly _tag: "Load"; readonly name: NamespaceName }
  | { readonly _tag: "StartChildren" }
  | { readonly _tag: "StopChildren" }
  | { readonly _tag: "Serve"; readonly request: NamespaceRequest; readonly running: boolean }
  | { readonly _tag: "RefuseRequest"; readonly request: NamespaceRequest }
  | { readonly _tag: "AnswerSeat"; readonly reply: Reply<NamespaceSeat> }
  | { readonly _tag: "CheckIdle" }
  | { readonly _tag: "RefusePublishes"; readonly reply: Reply<void> }
  | { readonly _tag: "WithdrawRoutes"; readonly reply: Reply<void> }
  | { readonly _tag: "DrainFeeds"; readonly reply: Reply<InFlightReport> }
  | { readonly _tag: "ScheduleRevival"; readonly key: string }
  | { readonly _tag: "Revive"; readonly key: string }

const requestTypes = [
  "PutSink",
  "DeleteSink",
  "RotateSecret",
  "RenewSigners",
  "PutSubscription",
  "DeleteSubscription",
  "Pause",
  "Resume",
  "StartReplay",
  "CancelReplay",
  "Reload",
] as const

const charts = setup({
  types: {
    input: {} as { readonly name: NamespaceName },
    context: {} as { readonly name: NamespaceName },
    events: {} as NamespaceMessage,
  },
  actions: { perform: (_, _command: NamespaceCommand) => undefined },
})

type Of<Type extends NamespaceMessage["type"]> = {
  readonly event: Extract<NamespaceMessage, { readonly type: Type }>
}
const command = (value: NamespaceCommand) => ({ type: "perform", params: () => value }) as const

const serve = (running: boolean) =>
  ({
    type: "perform",
    params: ({ event }: { readonly event: NamespaceRequest }): NamespaceCommand => ({
      _tag: "Serve",
      request: event,
      running,
    }),
  }) as const

const refuse = {
  type: "perform",
  params: ({ event }: { readonly event: NamespaceRequest }): NamespaceCommand => ({
    _tag: "RefuseRequest",
    request: event,
  }),
} as const

const forRequests = <Action>(action: Action) => {
  const entry = { actions: action }
  return {
    PutSink: entry,
    DeleteSink: entry,
    RotateSecret: entry,
    RenewSigners: entry,
    PutSubscription: entry,
    DeleteSubscription: entry,
    Pause: entry,
    Resume: entry,
    StartReplay: entry,
    CancelReplay: entry,
    Reload: entry,
  } satisfies Record<(typeof requestTypes)[number], { readonly actions: Action }>
}

export const namespaceMachine = charts.createMachine({
  id: "namespace",
  context: ({ input }) => ({ name: input.name }),
  initial: "loading",
  on: {
    Seat: {
      actions: {
        type: "perform",
        params: ({ event }: Of<"Seat">): NamespaceCommand => ({
          _tag: "AnswerSeat",
          reply: event.reply,
        }),
      },
    },
    Refuse: {
      target: ".leaving",
      actions: {
        type: "perform",
        params: ({ event }: Of<"Refuse">): NamespaceCommand => ({
          _tag: "RefusePublishes",
          reply: event.reply,
        }),
      },
    },
    // A removal that is resumed may begin with these.
    Withdraw: {
      target: ".leaving",
      actions: {
        type: "perform",
        params: ({ event }: Of<"Withdraw">): NamespaceCommand => ({
          _tag: "WithdrawRoutes",
          reply: event.reply,
        }),
      },
    },
    Drain: {
      target: ".leaving",
      actions: {
        type: "perform",
        params: ({ event }: Of<"Drain">): NamespaceCommand => ({
          _tag: "DrainFeeds",
          reply: event.reply,
        }),
      },
    },
  },
  states: {
    loading: {
      entry: {
        type: "perform",
        params: ({ context }): NamespaceCommand => ({ _tag: "Load", name: context.name }),
      },
      on: { Enabled: "enabled", Disabled: "disabled" },
    },
    enabled: {
      entry: command({ _tag: "StartChildren" }),
      on: {
        ...forRequests(serve(true)),
        Disabled: { target: "disabled", actions: command({ _tag: "StopChildren" }) },
        IdleCheck: { actions: command({ _tag: "CheckIdle" }) },
        ChildGaveUp: {
          actions: {
            type: "perform",
            params: ({ event }: Of<"ChildGaveUp">): NamespaceCommand => ({
              _tag: "ScheduleRevival",
              key: event.key,
            }),
          },
        },
        ReviveChild: {
          actions: {
            type: "perform",
            params: ({ event }: Of<"ReviveChild">): NamespaceCommand => ({
              _tag: "Revive",
              key: event.key,
            }),
          },
        },
      },
    },
    disabled: {
      on: {
        ...forRequests(serve(false)),
        Enabled: "enabled",
        IdleCheck: { actions: command({ _tag: "CheckIdle" }) },
      },
    },
    leaving: { on: forRequests(refuse) },
  },
})

/** The answer to a request of a namespace that is being removed. */
export const refuseRequest = (request: NamespaceRequest, namespace: NamespaceName) =>
  request.reply.fail(new NamespaceRemoving({ namespace }))

export type NamespaceState = Extract<NamespaceStatus, "enabled" | "disabled">
