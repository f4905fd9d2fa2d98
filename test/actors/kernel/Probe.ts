// An actor that does on request whatever an actor can do, well or badly, and a ledger of what it
// holds: the material of the kernel's tests.
import { Clock, Data, Effect, Scope } from "effect"
import {
  type CellContext,
  type Chart,
  type ChildSpec,
  type Reply,
  type RestartPolicy,
  superviseUnder,
} from "../../../src/actors/kernel/index.js"

export type Answering = "succeed" | "fail" | "never" | "die" | "by task" | "after a crash"
export type Crashing = "fail" | "die" | "step" | "interrupt"

export type Ending = "well" | "ill" | "dead"
export type Releasing = "well" | "slowly" | "dead"

export type ProbeMessage = Data.TaggedEnum<{
  Note: { readonly n: number }
  Ask: { readonly how: Answering; readonly reply: Reply<string, string> }
  Crash: { readonly how: Crashing }
  SetTimer: { readonly key: string; readonly millis: number; readonly next: ProbeMessage }
  CancelTimer: { readonly key: string }
  RunTask: { readonly key: string; readonly millis: number; readonly ends: Ending }
  StopTask: { readonly key: string }
  TaskEnded: { readonly key: string; readonly exit: string }
  Acquire: { readonly releasing: Releasing }
  Hang: {}
  /** Once started, the child is told the messages. */
  SpawnChild: {
    readonly key: string
    readonly policy: RestartPolicy
    readonly next: ReadonlyArray<ProbeMessage>
  }
  StopChild: { readonly key: string }
  ChildGivenUp: { readonly key: string }
  TellSelf: { readonly times: number }
  StopSelf: {}
  Finish: {}
}>

export const ProbeMessage = Data.taggedEnum<ProbeMessage>()

/** What the probes hold and did. */
export class Ledger {
  readonly held = new Map<string, number>()
  readonly notes: Array<readonly [path: string, n: number]> = []
  readonly boots: Array<readonly [path: string, atMillis: number]> = []
  readonly events: Array<string> = []

  take(path: string): void {
    this.held.set(path, (this.held.get(path) ?? 0) + 1)
  }

  release(path: string): void {
    this.held.set(path, (this.held.get(path) ?? 0) - 1)
  }

  /** Of an actor and all below it. */
  heldUnder(path: string): number {
    return [...this.held]
      .filter(([each]) => each === path || each.startsWith(`${path}/`))
      .reduce((sum, [, count]) => sum + count, 0)
  }
}

interface State {
  readonly finished: boolean
}

type Command = ProbeMessage | { readonly _tag: "Boot" }

const chart = (): Chart<State, ProbeMessage, Command> => ({
  initial: [{ finished: false }, [{ _tag: "Boot" }]],
  step: (state, message) => {
    if (message._tag === "Crash" && message.how === "step") throw new Error("the step crashed")
    return message._tag === "Finish" ? [{ finished: true }, []] : [state, [message]]
  },
  label: (state) => (state.finished ? "finished" : "running"),
  isFinal: (state) => state.finished,
})

export type ProbeSpec = ChildSpec<State, ProbeMessage, Command, string, never>

export const probe = (ledger: Ledger, policy: RestartPolicy, capacity = 64): ProbeSpec => ({
  kind: "probe",
  ...policy,
  mailboxCapacity: capacity,
  chart,
  perform: performer(ledger),
})

/** One per incarnation, by the path and the scope that tell them apart. */
const performer = (ledger: Ledger) => {
  const supervisors = new WeakMap<
    Scope.Scope,
    Effect.Effect.Success<ReturnType<typeof supervise>>
  >()
  return (command: Command, context: CellContext<ProbeMessage>): Effect.Effect<void, string> => {
    const { path } = context
    switch (command._tag) {
      case "Boot":
        return Effect.flatMap(Clock.currentTimeMillis, (now) => {
          ledger.boots.push([path, now])
          return hold(ledger, context, "well")
        })
      case "Note":
        return Effect.sync(() => ledger.notes.push([path, command.n]))
      case "Ask":
        return answer(command.how, command.reply, context)
      case "Crash":
        return command.how === "fail"
          ? Effect.fail("the command failed")
          : command.how === "die"
            ? Effect.die(new Error("the command died"))
            : Effect.interrupt
      case "SetTimer":
        return context.timers.set(command.key, command.millis, command.next)
      case "CancelTimer":
        return context.timers.cancel(command.key)
      case "RunTask": {
        const ending =
          command.ends === "well"
            ? Effect.void
            : command.ends === "ill"
              ? Effect.fail("task")
              : Effect.die("task")
        const work = Effect.acquireUseRelease(
          Effect.sync(() => ledger.take(path)),
          () => Effect.zipRight(Effect.sleep(command.millis), ending),
          () =>
            Effect.zipRight(
              Effect.yieldNow(),
              Effect.sync(() => ledger.release(path)),
            ),
        )
        return context.tasks.run(command.key, work, (exit) =>
          ProbeMessage.TaskEnded({ key: command.key, exit: exit._tag }),
        )
      }
      case "StopTask":
        return context.tasks.stop(command.key)
      case "TaskEnded":
        return Effect.sync(() => ledger.events.push(`${path} ${command.key} ${command.exit}`))
      case "Acquire":
        return hold(ledger, context, command.releasing)
      case "Hang":
        return Effect.never
      case "SpawnChild":
        return Effect.gen(function* () {
          const known = supervisors.get(context.scope)
          const supervisor = known ?? (yield* supervise(context))
          supervisors.set(context.scope, supervisor)
          if (path.split("/").length > 4) return
          yield* supervisor.start(command.key, probe(ledger, command.policy)).pipe(
            Effect.flatMap((child) => Effect.forEach(command.next, (each) => child.tell(each))),
            Effect.ignore,
          )
        })
      case "StopChild":
        return Effect.suspend(() =>
          Effect.asVoid(supervisors.get(context.scope)?.stop(command.key) ?? Effect.void),
        )
      case "ChildGivenUp":
        return Effect.sync(() => ledger.events.push(`${path} gave up ${command.key}`))
      case "TellSelf":
        return Effect.replicateEffect(
          context.self.tell(ProbeMessage.Note({ n: -1 })),
          command.times,
          {
            discard: true,
          },
        )
      case "StopSelf":
        return Effect.asVoid(context.ref.stop)
      default:
        return Effect.void
    }
  }
}

const supervise = (context: CellContext<ProbeMessage>) =>
  superviseUnder(context, { onEscalation: (key) => ProbeMessage.ChildGivenUp({ key }) })

const hold = (
  ledger: Ledger,
  context: CellContext<ProbeMessage>,
  releasing: Releasing,
): Effect.Effect<void> => {
  const release = Effect.sync(() => ledger.release(context.path))
  return Effect.acquireRelease(
    Effect.sync(() => ledger.take(context.path)),
    () =>
      releasing === "well"
        ? release
        : releasing === "slowly"
          ? Effect.zipRight(Effect.yieldNow(), release)
          : Effect.zipRight(release, Effect.die(new Error("the finalizer died"))),
  ).pipe(Scope.extend(context.scope))
}

const answer = (
  how: Answering,
  reply: Reply<string, string>,
  context: CellContext<ProbeMessage>,
): Effect.Effect<void, string> => {
  switch (how) {
    case "succeed":
      return reply.succeed("yes")
    case "fail":
      return reply.fail("no")
    case "die":
      return reply.complete(Effect.die("the answer died"))
    case "never":
      return Effect.void
    case "by task":
      return context.tasks.run(
        "answer",
        reply.complete(Effect.as(Effect.sleep("50 millis"), "late")),
        () => ProbeMessage.TaskEnded({ key: "answer", exit: "answered" }),
      )
    default:
      return Effect.fail("crashed instead of answering")
  }
}
