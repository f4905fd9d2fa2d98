// An actor without a supervisor: the root of a tree, or one that lives as long as a scope.
import { Effect, ExecutionStrategy, Exit, FiberRef, Scope } from "effect"
import type { ActorStartFailed } from "./ActorErrors.js"
import type { ActorRef } from "./ActorRef.js"
import type { CellSpec } from "./Cell.js"
import { Life, type LifeEnd } from "./Life.js"
import { currentLineage } from "./Lineage.js"

/**
 * Starts an actor and returns when its initial commands have been performed. It is never restarted;
 * a crash is logged. Closing the scope stops it and waits.
 */
export const startActor = <State, Message, Command, E, R>(
  path: string,
  spec: CellSpec<State, Message, Command, E, R>,
): Effect.Effect<ActorRef<Message>, ActorStartFailed, R | Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const parent = yield* FiberRef.get(currentLineage)
      const life = new Life<Message>(path, spec, parent, yield* Effect.clock)
      const owner = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
      let over = false
      yield* Scope.addFinalizer(
        owner,
        Effect.suspend(() => (over ? Effect.void : Effect.asVoid(life.stop))),
      )
      // An actor that ends by itself must not stay behind in the scope of its owner.
      const release = Effect.suspend(() => {
        over = true
        return Scope.close(owner, Exit.void)
      })
      const onEnd = (end: LifeEnd) => Effect.zipRight(reportCrash(end), release)
      yield* life.begin(spec, { restart: "temporary" }, onEnd)
      yield* restore(life.awaitReady)
      return life
    }),
  )

const reportCrash = ({ exit, gaveUp }: LifeEnd): Effect.Effect<void> =>
  gaveUp && exit._tag === "Crashed" ? Effect.logError("Actor crashed", exit.cause) : Effect.void
