// A sink's actor: opens the transport for as long as it lives, keeps the time of probes, and says
// when the sink is parked and when it has recovered.

import { Effect, FiberSet, Scope } from "effect"
import type { NamespaceName, Sink, SinkName } from "../../domain/index.js"
import type { Alerts } from "../alert/Alerts.js"
import { actorSpec, type Alarm, type CellContext, fromMachine } from "../kernel/index.js"
import type { Connection } from "../ports/index.js"
import { type SinkCommand, sinkMachine, type SinkMessage } from "./SinkChart.js"
import type { GateChange, SinkGate } from "./SinkGate.js"

/** A sink's place in its awake namespace; outlives the crashes of its actor. */
export interface SinkSeat {
  readonly namespace: NamespaceName
  readonly name: SinkName
  /** As it is stored: its secrets may be rotated while the sink is open. */
  record: Sink
  readonly gate: SinkGate
  /** Opens the transport; the scope is the life of one incarnation of the actor. */
  readonly open: Effect.Effect<Connection, never, Scope.Scope>
  /**
   * Has the open sink go on with the secrets of `record` and the keys of its namespace; false if it
   * has to be opened anew. One that is being opened sees to it at the end.
   */
  readonly renew: Effect.Effect<boolean>
  /** How often that was asked for. */
  renewals: number
  readonly now: () => number
  readonly alerts: Alerts
  /** Rings when the gate has a token again, where the open sink has a rate. */
  readonly alarm: Alarm
  /** Where the gate's changes go: set by the actor while it lives. */
  notify: ((change: GateChange) => void) | undefined
}

export const sinkActor = (seat: SinkSeat) =>
  actorSpec({
    kind: "sink",
    restart: "permanent",
    chart: () => fromMachine(sinkMachine, undefined),
    perform: (command: SinkCommand, context: CellContext<SinkMessage>): Effect.Effect<void> => {
      switch (command._tag) {
        case "Open":
          // In a task, since a transport may take its time: whoever waits for this actor must not.
          return context.tasks.run("open", openSink(seat, context), (exit) =>
            exit._tag === "Success"
              ? { type: "Opened" }
              : { type: "OpenFailed", cause: exit.cause },
          )
        case "SetProbe":
          return context.timers.set("probe", Math.max(0, command.change.probeAt - seat.now()), {
            type: "ProbeDue",
          })
        case "CancelProbe":
          return context.timers.cancel("probe")
        case "Probe":
          return Effect.sync(() => seat.gate.probeDue())
        case "ReportParked":
          return reportParked(seat, command.change)
        case "ReportRecovered":
          return reportRecovered(seat)
        case "Crash":
          return Effect.failCause(command.cause)
      }
    },
  })

const parkedText = {
  outage: "Sink parked: it takes nothing; events wait in the journal",
  misconfigured: "Sink parked: it refuses every event; check its configuration",
}

const openSink = (seat: SinkSeat, context: CellContext<SinkMessage>): Effect.Effect<void> =>
  Effect.gen(function* () {
    const tell = yield* FiberSet.makeRuntime<never, void, never>()
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        seat.notify = undefined
        seat.gate.disconnect()
      }),
    )
    seat.notify = (change) =>
      tell(
        context.self.tell(
          change._tag === "Parked" ? { type: "Parked", change } : { type: "Recovered" },
        ),
      )
    const { renewals } = seat
    const connection = yield* seat.open
    if (connection.rate !== undefined) {
      yield* Effect.forkScoped(seat.alarm.run(() => seat.gate.tokenDue()))
    }
    seat.gate.connect(connection)
    if (seat.renewals !== renewals) yield* seat.renew
    // A gate that was parked before a crash is parked still.
    seat.gate.announce()
  }).pipe(Scope.extend(context.scope))

const reportParked = (
  { alerts, namespace, name: sink }: SinkSeat,
  { cause, reason }: Extract<GateChange, { readonly _tag: "Parked" }>,
): Effect.Effect<void> =>
  Effect.suspend(() => {
    alerts.raise({ _tag: "SinkParked", namespace, sink, cause, reason })
    return Effect.logWarning(parkedText[cause])
  }).pipe(Effect.annotateLogs({ namespace, sink, reason }))

const reportRecovered = ({ alerts, namespace, name: sink }: SinkSeat): Effect.Effect<void> =>
  Effect.suspend(() => {
    alerts.raise({ _tag: "SinkRecovered", namespace, sink })
    return Effect.logInfo("Sink recovered")
  }).pipe(Effect.annotateLogs({ namespace, sink }))
