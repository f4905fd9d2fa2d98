import { describe, expect, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Scope, TestClock } from "effect"
import {
  type ActorExit,
  type CellContext,
  type CellSpec,
  type Reply,
  startActor,
} from "../../../src/actors/kernel/index.js"
import { Ledger, probe, ProbeMessage } from "./Probe.js"

const temporary = { restart: "temporary" } as const

const yields = Effect.replicateEffect(Effect.yieldNow(), 5, { discard: true })

/** An actor whose messages are what it shall do. */
type Deed = (context: CellContext<Deed>) => Effect.Effect<void, string>

const doer = (
  boot: Deed = () => Effect.void,
  capacity = 4,
): CellSpec<number, Deed, Deed, string, never> => ({
  kind: "doer",
  mailboxCapacity: capacity,
  chart: () => ({
    initial: [0, [boot]],
    step: (done, deed) => [done + 1, [deed]],
    label: (done) => `${done} done`,
  }),
  perform: (deed, context) => deed(context),
})

describe("a cell", () => {
  it.scoped("is handed out when its initial commands have been performed", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const starting = yield* Effect.fork(
        startActor(
          "root",
          doer(() => Deferred.await(gate)),
        ),
      )
      yield* yields
      expect(starting.unsafePoll()).toBe(null)
      yield* Deferred.succeed(gate, undefined)
      const ref = yield* Fiber.join(starting)
      expect((yield* ref.snapshot).state).toBe("0 done")
    }),
  )

  it.scoped("reports that it could not start, and leaves nothing", () =>
    Effect.gen(function* () {
      let open = 0
      const boot: Deed = ({ scope }) =>
        Effect.acquireRelease(
          Effect.sync(() => open++),
          () => Effect.sync(() => open--),
        ).pipe(Scope.extend(scope), Effect.zipRight(Effect.fail("no port")))
      const error = yield* Effect.flip(startActor("root", doer(boot)))
      expect(error._tag).toBe("ActorStartFailed")
      expect(error.message).toBe("The doer actor root did not start: no port")
      expect(open).toBe(0)
    }),
  )

  it.effect("is stopped when its starter is interrupted", () =>
    Effect.gen(function* () {
      let open = 0
      const boot: Deed = ({ scope }) =>
        Effect.acquireRelease(
          Effect.sync(() => open++),
          () => Effect.sync(() => open--),
        ).pipe(Scope.extend(scope), Effect.zipRight(Effect.never))
      const starting = yield* Effect.fork(Effect.scoped(startActor("root", doer(boot))))
      yield* yields
      expect(open).toBe(1)
      yield* Fiber.interrupt(starting)
      expect(open).toBe(0)
    }),
  )

  it.effect("can be interrupted though its starter could not", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const ref = yield* Effect.uninterruptible(Scope.extend(startActor("root", doer()), scope))
      yield* ref.tell(() => Effect.never)
      yield* yields
      expect((yield* ref.stop)._tag).toBe("Stopped")
    }),
  )

  it.scoped("refuses what does not fit in its mailbox, and says so", () =>
    Effect.gen(function* () {
      const ref = yield* startActor("root", doer(undefined, 2))
      yield* ref.tell(() => Effect.never)
      yield* yields
      yield* ref.tell(() => Effect.void)
      yield* ref.tell(() => Effect.void)
      const error = yield* Effect.flip(ref.tell(() => Effect.void))
      expect(error).toMatchObject({ _tag: "MailboxFull", path: "root", capacity: 2 })
      expect((yield* ref.snapshot).queueDepth).toBe(2)
    }),
  )

  it.scoped("tells itself although its mailbox is full, and hears that first", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const hear =
        (what: string): Deed =>
        () =>
          Effect.sync(() => heard.push(what))
      const gate = yield* Deferred.make<void>()
      const ref = yield* startActor("root", doer(undefined, 2))
      yield* ref.tell(({ self }) =>
        Effect.zipRight(
          Deferred.await(gate),
          Effect.forEach(["own 1", "own 2", "own 3"], (each) => self.tell(hear(each)), {
            discard: true,
          }),
        ),
      )
      yield* yields
      yield* ref.tell(hear("outer 1"))
      yield* ref.tell(hear("outer 2"))
      yield* Deferred.succeed(gate, undefined)
      yield* yields
      expect(heard).toEqual(["own 1", "own 2", "own 3", "outer 1", "outer 2"])
    }),
  )

  it.scoped("crashes when a command fails: the pending asks fail with ActorGone", () =>
    Effect.gen(function* () {
      const ref = yield* startActor("root", probe(new Ledger(), temporary))
      const asks = yield* Effect.forEach(["never", "by task"] as const, (how) =>
        Effect.fork(
          Effect.flip(ref.ask((reply: Reply<string, string>) => ProbeMessage.Ask({ how, reply }))),
        ),
      )
      yield* yields
      yield* ref.tell(ProbeMessage.Crash({ how: "fail" }))
      expect(yield* Fiber.join(Fiber.all(asks))).toMatchObject([
        { _tag: "ActorGone", path: "root" },
        { _tag: "ActorGone", path: "root" },
      ])
      const exit: ActorExit = yield* ref.awaitExit
      expect(exit._tag).toBe("Crashed")
      expect((yield* ref.snapshot).state).toBe("crashed")
    }),
  )

  for (const how of ["fail", "die", "step", "interrupt"] as const) {
    it.scoped(`ends as Crashed when a message makes it ${how}`, () =>
      Effect.gen(function* () {
        const ledger = new Ledger()
        const ref = yield* startActor("root", probe(ledger, temporary))
        yield* ref.tell(ProbeMessage.Crash({ how }))
        expect((yield* ref.awaitExit)._tag).toBe("Crashed")
        expect(ledger.heldUnder("root")).toBe(0)
      }),
    )
  }

  it.scoped("ends as Crashed when a finalizer dies, and still releases the rest", () =>
    Effect.gen(function* () {
      const ledger = new Ledger()
      const ref = yield* startActor("root", probe(ledger, temporary))
      yield* ref.tell(ProbeMessage.Acquire({ releasing: "dead" }))
      yield* yields
      expect(ledger.heldUnder("root")).toBe(2)
      expect((yield* ref.stop)._tag).toBe("Crashed")
      expect(ledger.heldUnder("root")).toBe(0)
    }),
  )

  it.scoped("ends as Final after the commands of the final state", () =>
    Effect.gen(function* () {
      const ref = yield* startActor("root", probe(new Ledger(), temporary))
      yield* ref.tell(ProbeMessage.Finish())
      expect((yield* ref.awaitExit)._tag).toBe("Final")
      const error = yield* Effect.flip(ref.tell(ProbeMessage.Finish()))
      expect(error._tag).toBe("ActorGone")
    }),
  )

  it.scoped("stops as often as asked, and after the end too", () =>
    Effect.gen(function* () {
      const ref = yield* startActor("root", doer())
      const exits = yield* Effect.all([ref.stop, ref.stop], { concurrency: 2 })
      expect([...exits, yield* ref.stop].map((exit) => exit._tag)).toEqual([
        "Stopped",
        "Stopped",
        "Stopped",
      ])
    }),
  )

  it.scoped(
    "that stops itself finishes its message first, even where it cannot be interrupted",
    () =>
      Effect.gen(function* () {
        const done: Array<string> = []
        const ref = yield* startActor("root", doer())
        yield* ref.tell((context) =>
          Effect.uninterruptible(
            Effect.zipRight(
              context.ref.stop,
              Effect.zipRight(
                Effect.yieldNow(),
                Effect.sync(() => done.push("after stop")),
              ),
            ),
          ),
        )
        yield* ref.tell(() => Effect.sync(() => done.push("next message")))
        expect((yield* ref.awaitExit)._tag).toBe("Stopped")
        expect(done).toEqual(["after stop"])
      }),
  )

  it.scoped("can be stopped from one of its tasks, even where that cannot be interrupted", () =>
    Effect.gen(function* () {
      const ref = yield* startActor("root", doer())
      yield* ref.tell((context) =>
        context.tasks.run("t", Effect.uninterruptible(context.ref.stop), () => () => Effect.void),
      )
      expect((yield* ref.awaitExit)._tag).toBe("Stopped")
    }),
  )

  it.effect("does not stay in the scope of its owner once it has ended", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const finalizers = () =>
        "state" in scope &&
        typeof scope.state === "object" &&
        scope.state !== null &&
        "finalizers" in scope.state &&
        scope.state.finalizers instanceof Map
          ? scope.state.finalizers.size
          : undefined
      const ref = yield* Scope.extend(startActor("root", doer()), scope)
      expect(finalizers()).toBe(1)
      yield* ref.stop
      expect(finalizers()).toBe(0)
      yield* Scope.close(scope, Exit.void)
    }),
  )

  it.scoped("answers an ask with a value, an error or a defect", () =>
    Effect.gen(function* () {
      const ref = yield* startActor("root", probe(new Ledger(), temporary))
      const ask = (how: "succeed" | "fail" | "die") =>
        Effect.exit(ref.ask((reply: Reply<string, string>) => ProbeMessage.Ask({ how, reply })))
      expect(yield* ask("succeed")).toEqual(Exit.succeed("yes"))
      expect(yield* ask("fail")).toEqual(Exit.fail("no"))
      expect(yield* ask("die")).toEqual(Exit.die("the answer died"))
    }),
  )

  it.scoped("lets an ask fail with ActorGone when the task that should answer is stopped", () =>
    Effect.gen(function* () {
      const ref = yield* startActor("root", probe(new Ledger(), temporary))
      const asking = yield* Effect.fork(
        Effect.flip(
          ref.ask((reply: Reply<string, string>) => ProbeMessage.Ask({ how: "by task", reply })),
        ),
      )
      yield* yields
      yield* ref.tell(ProbeMessage.StopTask({ key: "answer" }))
      expect(yield* Fiber.join(asking)).toMatchObject({ _tag: "ActorGone" })
      expect((yield* ref.snapshot).state).toBe("running")
    }),
  )

  it.scoped("says since when it is in its state", () =>
    Effect.gen(function* () {
      const ref = yield* startActor("root", doer())
      yield* TestClock.adjust(Duration.seconds(5))
      yield* ref.tell(() => Effect.void)
      yield* yields
      expect(yield* ref.snapshot).toEqual({
        path: "root",
        kind: "doer",
        state: "1 done",
        since: 5_000,
        restarts: 0,
        queueDepth: 0,
        handled: expect.any(Number),
      })
    }),
  )
})
