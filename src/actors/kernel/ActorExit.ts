// How the life of an actor ended. After any of the three, its scope is closed, its timers and tasks
// are gone and its pending asks have failed.
import { Cause, Data } from "effect"

export type ActorExit = Data.TaggedEnum<{
  /** Its chart reached a final state. */
  Final: {}
  /** It was asked to stop. */
  Stopped: {}
  /** A step, a command or a finalizer failed. */
  Crashed: { readonly cause: Cause.Cause<unknown> }
}>

export const ActorExit = Data.taggedEnum<ActorExit>()

/** A human's reading of an exit, in one line. */
export const describeExit = (exit: ActorExit): string =>
  ActorExit.$match(exit, {
    Final: () => "it reached its final state",
    Stopped: () => "it was stopped",
    Crashed: ({ cause }) => {
      const squashed = Cause.squash(cause)
      return squashed instanceof Error ? squashed.message : String(squashed)
    },
  })
