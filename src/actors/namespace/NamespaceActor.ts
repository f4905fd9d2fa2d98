// A namespace's actor: wakes what is stored of it, serves changes one after the other, and takes its
// sinks and subscriptions down in order. A restart begins by reading the store again.

import { Effect } from "effect"
import type { NamespaceNotFound, NamespaceRemoving } from "../../domain/index.js"
import { actorSpec, type CellContext, fromMachine } from "../kernel/index.js"
import type { StoreUnavailable } from "../ports/index.js"
import {
  awaken,
  type AwakeNamespace,
  drainAll,
  isIdle,
  type NamespaceOptions,
  revive,
  startChildren,
  stopChildren,
} from "./AwakeNamespace.js"
import {
  type NamespaceCommand,
  namespaceMachine,
  type NamespaceMessage,
  refuseRequest,
} from "./NamespaceChart.js"
import { serveRequest } from "./NamespaceRequests.js"

/** How long a sink or subscription that keeps crashing is left alone. */
const revivalDelay = "30 seconds"
const idleCheck: NamespaceMessage = { type: "IdleCheck" }

export const namespaceActor = (options: NamespaceOptions) => {
  const { idleAfter } = options.world.config
  let incarnation: AwakeNamespace | undefined

  const performAwake = (
    awake: AwakeNamespace,
    command: Exclude<NamespaceCommand, { readonly _tag: "Load" }>,
    context: CellContext<NamespaceMessage>,
  ): Effect.Effect<void> => {
    const { hub } = awake.seat
    switch (command._tag) {
      case "StartChildren":
        hub.status = "enabled"
        return startChildren(awake)
      case "StopChildren":
        hub.status = "disabled"
        return Effect.zipRight(drainAll(awake.seat), stopChildren(awake))
      case "Serve":
        return serveRequest(awake, command.request, command.running, context)
      case "RefuseRequest":
        return refuseRequest(command.request, hub.name)
      case "AnswerSeat":
        return command.reply.succeed(awake.seat)
      case "CheckIdle":
        return Effect.zipRight(
          isIdle(awake) ? options.onIdle : Effect.void,
          context.timers.set("idle", idleAfter, idleCheck),
        )
      case "RefusePublishes":
        hub.status = "removing"
        return command.reply.complete(hub.published)
      case "WithdrawRoutes":
        return command.reply.complete(Effect.sync(() => hub.withdrawAll()))
      case "DrainFeeds":
        return command.reply.complete(drainAll(awake.seat))
      case "ScheduleRevival":
        return context.timers.set(`revive/${command.key}`, revivalDelay, {
          type: "ReviveChild",
          key: command.key,
        })
      case "Revive":
        return revive(awake, command.key)
    }
  }

  return actorSpec({
    kind: "namespace",
    restart: "transient",
    chart: () => fromMachine(namespaceMachine, { name: options.name }),
    perform: (
      command: NamespaceCommand,
      context: CellContext<NamespaceMessage>,
    ): Effect.Effect<void, StoreUnavailable | NamespaceNotFound | NamespaceRemoving> => {
      if (command._tag !== "Load") {
        const awake = incarnation
        return awake === undefined
          ? Effect.dieMessage("a namespace acts before it is loaded")
          : Effect.suspend(() => performAwake(awake, command, context))
      }
      return Effect.flatMap(awaken(options, context), (awake) => {
        incarnation = awake
        const { status } = awake.seat.record
        return Effect.zipRight(
          context.timers.set("idle", idleAfter, idleCheck),
          context.self.tell({ type: status === "enabled" ? "Enabled" : "Disabled" }),
        )
      })
    },
  })
}
