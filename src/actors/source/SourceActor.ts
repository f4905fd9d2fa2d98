// A source's actor: keeps its stream running, and says what is wrong when it does not.

import { Cause, Effect, Exit, Option } from "effect"
import { mayPass, SourceProblem } from "../../domain/index.js"
import { actorSpec, type CellContext, fromMachine } from "../kernel/index.js"
import { runSource, type SourceSite } from "./RunSource.js"
import { type SourceCommand, sourceMachine, type SourceMessage } from "./SourceChart.js"
import type { SourceSeat } from "./SourceSeat.js"

export const sourceActor = (
  site: SourceSite,
  seat: SourceSeat,
  /** Uniform from 0 up to but not including 1. */
  random: () => number,
) =>
  actorSpec({
    kind: "source",
    restart: "permanent",
    chart: () => fromMachine(sourceMachine, undefined),
    perform: (command: SourceCommand, context: CellContext<SourceMessage>): Effect.Effect<void> => {
      switch (command._tag) {
        case "Run":
          seat.state = "connecting"
          return context.tasks.run(
            "stream",
            runSource(site, seat, context.self.tell({ type: "Streaming" })),
            (exit): SourceMessage => ({ type: "Ended", problem: problemOf(exit) }),
          )
        case "RetryAfter":
          return context.timers.set("retry", command.millis * (0.5 + random() / 2), {
            type: "RetryDue",
          })
        case "CancelRetry":
          return context.timers.cancel("retry")
        case "ReportStreaming":
          return Effect.suspend(() => {
            seat.state = "streaming"
            seat.problem = undefined
            seat.downSince = undefined
            return annotated(seat, Effect.logInfo("A source streams"))
          })
        case "ReportProblem":
          return report(site, seat, command.problem)
      }
    },
  })

const problemOf = (exit: Exit.Exit<never, SourceProblem>): SourceProblem => {
  const failure = Exit.isFailure(exit) ? Cause.failureOption(exit.cause) : Option.none()
  return Option.getOrElse(failure, () => {
    const reason = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "It ended."
    return new SourceProblem({ code: "fault", reason })
  })
}

/** What passes sooner need not trouble anybody. */
const alertAfterMillis = 60_000

/** Once for each kind of problem, however often it is met. */
const report = (site: SourceSite, seat: SourceSeat, problem: SourceProblem): Effect.Effect<void> =>
  Effect.suspend(() => {
    const now = site.now()
    seat.downSince ??= now
    const isNew = seat.problem?.code !== problem.code
    seat.problem = problem
    seat.state = mayPass(problem) ? "waiting" : "blocked"
    if (seat.state === "blocked" || now - seat.downSince > alertAfterMillis) {
      site.alert({ _tag: "SourceFailed", source: seat.record.name, reason: problem.message })
    }
    return isNew
      ? annotated(seat, Effect.logWarning("A source does not stream", problem.message)).pipe(
          Effect.annotateLogs({ code: problem.code }),
        )
      : Effect.void
  })

const annotated = (seat: SourceSeat, log: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.annotateLogs(log, { source: seat.record.name, server: seat.record.server })
