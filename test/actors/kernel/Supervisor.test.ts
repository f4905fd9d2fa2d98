import { describe, expect, it } from "@effect/vitest"
import {
  Deferred,
  Effect,
  Exit,
  Fiber,
  HashMap,
  Logger,
  type LogLevel,
  Option,
  Scope,
  TestClock,
} from "effect"
import {
  type ActorRef,
  makeSupervisor,
  type Reply,
  type RestartPolicy,
  startActor,
  type Supervisor,
} from "../../../src/actors/kernel/index.js"
import { Ledger, probe, ProbeMessage } from "./Probe.js"

const yields = Effect.replicateEffect(Effect.yieldNow(), 8, { discard: true })

const twice: RestartPolicy = {
  restart: "transient",
  intensity: { maxRestarts: 2, withinMillis: 10_000 },
  backoff: { base: "1 second", cap: "4 seconds" },
}

const crash = ProbeMessage.Crash({ how: "die" })

const stateOf = (ref: ActorRef<never>) => Effect.map(ref.snapshot, ({ state }) => state)

const alive = (ref: ActorRef<ProbeMessage>) =>
  ref.ask((reply: Reply<string, string>) => ProbeMessage.Ask({ how: "succeed", reply }))

describe("a supervisor", () => {
  it.scoped("restarts a crashed child from its spec, after a pause, behind the same ref", () =>
    Effect.gen(function* () {
      const ledger = new Ledger()
      const supervisor = yield* makeSupervisor("root")
      const ref = yield* supervisor.start("a", probe(ledger, twice))
      yield* ref.tell(crash)
      yield* yields
      expect(yield* ref.snapshot).toMatchObject({ state: "restarting", restarts: 0 })
      expect(ledger.heldUnder("root/a")).toBe(0)
      yield* TestClock.adjust("1 second")
      expect(yield* ref.snapshot).toMatchObject({ state: "running", restarts: 1, since: 1_000 })
      expect(yield* alive(ref)).toBe("yes")
      expect(ledger.boots).toEqual([
        ["root/a", 0],
        ["root/a", 1_000],
      ])
    }),
  )

  it.scoped("keeps what is told during the pause, up to the capacity", () =>
    Effect.gen(function* () {
      const supervisor = yield* makeSupervisor("root")
      const ref = yield* supervisor.start("a", probe(new Ledger(), twice, 2))
      yield* ref.tell(crash)
      yield* yields
      const asking = yield* Effect.fork(alive(ref))
      yield* yields
      yield* ref.tell(ProbeMessage.Note({ n: 1 }))
      expect((yield* Effect.flip(ref.tell(ProbeMessage.Note({ n: 2 }))))._tag).toBe("MailboxFull")
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(asking)).toBe("yes")
    }),
  )

  it.scoped("gives up when the intensity is used up, and tells the parent with the key free", () =>
    Effect.gen(function* () {
      const escalated: Array<string> = []
      const holder: { supervisor?: Supervisor } = {}
      const supervisor = yield* makeSupervisor("root", (key, exit) =>
        Effect.gen(function* () {
          const taken = yield* holder.supervisor?.has(key) ?? Effect.succeed(true)
          escalated.push(`${key} ${exit._tag} ${taken ? "taken" : "free"}`)
        }),
      )
      holder.supervisor = supervisor
      const ref = yield* supervisor.start("a", probe(new Ledger(), twice))
      for (const pause of ["1 second", "2 seconds", "1 second"] as const) {
        yield* ref.tell(crash)
        yield* yields
        yield* TestClock.adjust(pause)
      }
      expect((yield* ref.awaitExit)._tag).toBe("Crashed")
      expect((yield* ref.snapshot).restarts).toBe(2)
      expect(escalated).toEqual(["a Crashed free"])
    }),
  )

  it.scoped("escalates as a message of the parent actor, which can start the child again", () =>
    Effect.gen(function* () {
      const ledger = new Ledger()
      const supervisor = yield* makeSupervisor("root")
      const parent = yield* supervisor.start("p", probe(ledger, twice))
      const temporary: RestartPolicy = { restart: "temporary" }
      const spawn = ProbeMessage.SpawnChild({ key: "c", policy: temporary, next: [crash] })
      yield* parent.tell(spawn)
      yield* yields
      expect(ledger.events).toEqual(["root/p gave up c"])
      yield* parent.tell(spawn)
      yield* yields
      expect(ledger.events).toEqual(["root/p gave up c", "root/p gave up c"])
      expect(yield* alive(parent)).toBe("yes")
    }),
  )

  it.scoped("leaves the siblings of a crashed child alone", () =>
    Effect.gen(function* () {
      const ledger = new Ledger()
      const supervisor = yield* makeSupervisor("root")
      const a = yield* supervisor.start("a", probe(ledger, twice))
      const b = yield* supervisor.start("b", probe(ledger, twice))
      yield* a.tell(crash)
      yield* yields
      expect(yield* alive(b)).toBe("yes")
      expect((yield* b.snapshot).restarts).toBe(0)
    }),
  )

  it.scoped("does not restart a child that fails to start, nor keeps its key", () =>
    Effect.gen(function* () {
      const supervisor = yield* makeSupervisor("root")
      const broken = { ...probe(new Ledger(), twice), perform: () => Effect.fail("no") }
      const error = yield* Effect.flip(supervisor.start("a", broken))
      expect(error._tag).toBe("ActorStartFailed")
      expect(yield* supervisor.has("a")).toBe(false)
      yield* supervisor.start("a", probe(new Ledger(), twice))
      expect((yield* Effect.flip(supervisor.start("a", broken)))._tag).toBe("ChildExists")
    }),
  )

  it.scoped("stops a child during its pause, and its waiting asks fail", () =>
    Effect.gen(function* () {
      const supervisor = yield* makeSupervisor("root")
      const ref = yield* supervisor.start("a", probe(new Ledger(), twice))
      yield* ref.tell(crash)
      yield* yields
      const asking = yield* Effect.fork(Effect.flip(alive(ref)))
      yield* yields
      expect(Option.map(yield* supervisor.stop("a"), (exit) => exit._tag)).toEqual(
        Option.some("Stopped"),
      )
      expect(yield* Fiber.join(asking)).toMatchObject({ _tag: "ActorGone", path: "root/a" })
      expect(yield* supervisor.stop("a")).toEqual(Option.none())
      yield* TestClock.adjust("1 hour")
      expect(yield* stateOf(ref)).toBe("stopped")
    }),
  )

  it.scoped("lets a child remove its own key without interrupting itself", () =>
    Effect.gen(function* () {
      const supervisor = yield* makeSupervisor("root")
      const done: Array<string> = []
      const spec = {
        ...probe(new Ledger(), twice),
        perform: (command: { readonly _tag: string }) =>
          command._tag === "StopSelf"
            ? Effect.gen(function* () {
                const exit = yield* supervisor.stop("a")
                yield* Effect.yieldNow()
                done.push(Option.isSome(exit) ? exit.value._tag : "none")
              })
            : Effect.void,
      }
      const ref = yield* supervisor.start("a", spec)
      yield* ref.tell(ProbeMessage.StopSelf())
      expect((yield* ref.awaitExit)._tag).toBe("Stopped")
      expect(done).toEqual(["Stopped"])
      expect(yield* supervisor.has("a")).toBe(false)
    }),
  )

  it.scoped("stops a whole tree and waits for it, its tasks and finalizers included", () =>
    Effect.gen(function* () {
      const ledger = new Ledger()
      const supervisor = yield* makeSupervisor("root")
      const ref = yield* supervisor.start("a", probe(ledger, twice))
      yield* ref.tell(
        ProbeMessage.SpawnChild({
          key: "b",
          policy: twice,
          next: [
            ProbeMessage.Acquire({ releasing: "slowly" }),
            ProbeMessage.RunTask({ key: "t", millis: 9_999, ends: "well" }),
          ],
        }),
      )
      yield* yields
      expect(ledger.heldUnder("root/a/b")).toBe(3)
      const [tree] = yield* supervisor.tree
      expect(tree).toMatchObject({
        path: "root/a",
        kind: "probe",
        state: "running",
        children: [{ path: "root/a/b", state: "running", restarts: 0, children: [] }],
      })
      yield* supervisor.stop("a")
      expect(ledger.heldUnder("root")).toBe(0)
      expect(yield* supervisor.tree).toEqual([])
    }),
  )

  it.effect("waits, when it closes, for an escalation that is on its way", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const gate = yield* Deferred.make<void>()
      let heard = false
      const supervisor = yield* Scope.extend(
        makeSupervisor("root", () =>
          Effect.zipRight(
            Deferred.await(gate),
            Effect.sync(() => {
              heard = true
            }),
          ),
        ),
        scope,
      )
      const ref = yield* supervisor.start("a", probe(new Ledger(), { restart: "temporary" }))
      yield* ref.tell(crash)
      yield* yields
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* yields
      expect(closing.unsafePoll()).toBe(null)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
      expect(heard).toBe(true)
      const error = yield* Effect.flip(supervisor.start("b", probe(new Ledger(), twice)))
      expect(error._tag).toBe("ActorGone")
    }),
  )

  it.scoped("logs a restart as a warning and giving up as an error, with the actor's path", () =>
    Effect.gen(function* () {
      const logged: Array<readonly [level: LogLevel.LogLevel["_tag"], actor: unknown]> = []
      const logger = Logger.make(({ logLevel, annotations }) => {
        logged.push([logLevel._tag, Option.getOrUndefined(HashMap.get(annotations, "actor"))])
      })
      yield* Effect.gen(function* () {
        const supervisor = yield* makeSupervisor("root")
        const ref = yield* supervisor.start(
          "a",
          probe(new Ledger(), { ...twice, intensity: { maxRestarts: 1, withinMillis: 60_000 } }),
        )
        yield* ref.tell(crash)
        yield* yields
        yield* TestClock.adjust("1 second")
        yield* ref.tell(crash)
        yield* ref.awaitExit
      }).pipe(Effect.provide(Logger.add(logger)))
      expect(logged).toEqual([
        ["Warning", "root/a"],
        ["Error", "root/a"],
      ])
    }),
  )

  it.scoped("belongs to one incarnation of its parent: children end with it", () =>
    Effect.gen(function* () {
      const ledger = new Ledger()
      const root = yield* startActor("root", probe(ledger, { restart: "temporary" }))
      yield* root.tell(ProbeMessage.SpawnChild({ key: "b", policy: twice, next: [] }))
      yield* yields
      expect((yield* root.tree).children).toHaveLength(1)
      yield* root.tell(crash)
      yield* root.awaitExit
      expect(ledger.heldUnder("root")).toBe(0)
      expect((yield* root.tree).children).toEqual([])
    }),
  )
})
