import { describe, expect, it } from "@effect/vitest"
import { Effect, type Exit, Option, TestClock } from "effect"
import { KeyedTasks } from "../../../src/actors/kernel/KeyedTasks.js"
import { KeyedTimers } from "../../../src/actors/kernel/KeyedTimers.js"
import { Mailbox } from "../../../src/actors/kernel/Mailbox.js"

const yields = Effect.replicateEffect(Effect.yieldNow(), 5, { discard: true })

const drain = (mailbox: Mailbox<string>): ReadonlyArray<string> => {
  const message = mailbox.poll()
  return Option.isNone(message) ? [] : [message.value, ...drain(mailbox)]
}

describe("KeyedTimers", () => {
  it.effect("tell when they are due, and once", () =>
    Effect.gen(function* () {
      const mailbox = new Mailbox<string>("a", 1)
      const timers = new KeyedTimers(mailbox)
      yield* timers.set("k", "2 seconds", "late")
      yield* timers.set("l", "1 second", "early")
      yield* TestClock.adjust("999 millis")
      expect(drain(mailbox)).toEqual([])
      yield* TestClock.adjust("1 millis")
      expect(drain(mailbox)).toEqual(["early"])
      yield* TestClock.adjust("1 hour")
      expect(drain(mailbox)).toEqual(["late"])
      expect(timers.size).toBe(0)
    }),
  )

  it.effect("are replaced by key, also when the earlier one waits in the mailbox", () =>
    Effect.gen(function* () {
      const mailbox = new Mailbox<string>("a", 1)
      const timers = new KeyedTimers(mailbox)
      yield* timers.set("k", "1 second", "old")
      yield* TestClock.adjust("1 second")
      expect(mailbox.queueDepth).toBe(1)
      yield* timers.set("k", "1 second", "new")
      expect(drain(mailbox)).toEqual([])
      yield* TestClock.adjust("1 second")
      expect(drain(mailbox)).toEqual(["new"])
    }),
  )

  it.effect("do not fire after cancel, nor can be set after the end", () =>
    Effect.gen(function* () {
      const mailbox = new Mailbox<string>("a", 1)
      const timers = new KeyedTimers(mailbox)
      yield* timers.set("fired", "1 second", "x")
      yield* timers.set("waiting", "1 minute", "y")
      yield* TestClock.adjust("1 second")
      yield* timers.cancel("fired")
      yield* timers.cancel("waiting")
      yield* timers.cancel("unknown")
      yield* timers.close
      yield* timers.set("late", "0 millis", "z")
      yield* TestClock.adjust("1 hour")
      expect(drain(mailbox)).toEqual([])
      expect(timers.size).toBe(0)
    }),
  )
})

describe("KeyedTasks", () => {
  const tell = (name: string) => (exit: Exit.Exit<unknown, unknown>) => `${name} ${exit._tag}`

  it.effect("answer with their exit, a defect included", () =>
    Effect.gen(function* () {
      const mailbox = new Mailbox<string>("a", 1)
      const tasks = new KeyedTasks(mailbox)
      yield* tasks.run("well", Effect.succeed(1), tell("well"))
      yield* tasks.run("ill", Effect.fail("x"), tell("ill"))
      yield* tasks.run("dead", Effect.die("x"), tell("dead"))
      yield* yields
      expect(drain(mailbox)).toEqual(["well Success", "ill Failure", "dead Failure"])
      expect(tasks.size).toBe(0)
    }),
  )

  it.effect("of one key never overlap, and only the last one answers", () =>
    Effect.gen(function* () {
      const mailbox = new Mailbox<string>("a", 1)
      const tasks = new KeyedTasks(mailbox)
      const log: Array<string> = []
      const task = (name: string) =>
        Effect.acquireUseRelease(
          Effect.sync(() => log.push(`${name} begins`)),
          () => Effect.sleep("1 second"),
          () =>
            Effect.zipRight(
              Effect.sleep("1 second"),
              Effect.sync(() => log.push(`${name} ends`)),
            ),
        )
      yield* tasks.run("k", task("one"), tell("one"))
      yield* yields
      yield* tasks.run("k", task("two"), tell("two"))
      yield* tasks.run("k", task("three"), tell("three"))
      yield* TestClock.adjust("1 minute")
      expect(log).toEqual(["one begins", "one ends", "three begins", "three ends"])
      expect(drain(mailbox)).toEqual(["three Success"])
      expect(tasks.size).toBe(0)
    }),
  )

  it.effect("say nothing once stopped, though the answer waited in the mailbox", () =>
    Effect.gen(function* () {
      const mailbox = new Mailbox<string>("a", 1)
      const tasks = new KeyedTasks(mailbox)
      yield* tasks.run("k", Effect.void, tell("k"))
      yield* yields
      expect(mailbox.queueDepth).toBe(1)
      yield* tasks.stop("k")
      expect(drain(mailbox)).toEqual([])
    }),
  )

  it.effect("have released everything when stop returns", () =>
    Effect.gen(function* () {
      const tasks = new KeyedTasks(new Mailbox<string>("a", 1))
      let open = 0
      const task = Effect.acquireUseRelease(
        Effect.sync(() => open++),
        () => Effect.never,
        () =>
          Effect.zipRight(
            yields,
            Effect.sync(() => open--),
          ),
      )
      yield* Effect.uninterruptible(tasks.run("k", task, tell("k")))
      yield* tasks.run("l", task, tell("l"))
      yield* yields
      expect(open).toBe(2)
      yield* tasks.stop("k")
      expect(open).toBe(1)
      yield* tasks.close
      expect(open).toBe(0)
      yield* tasks.run("m", task, tell("m"))
      yield* yields
      expect(open).toBe(0)
    }),
  )
})

describe("Mailbox", () => {
  it.effect("owes no answer to an asker that was interrupted", () =>
    Effect.gen(function* () {
      const mailbox = new Mailbox<unknown>("a", 8)
      const asking = yield* Effect.fork(mailbox.ask((reply) => reply))
      yield* yields
      expect(mailbox.owedAnswers).toBe(1)
      yield* asking.interruptAsFork(asking.id())
      yield* yields
      expect(mailbox.owedAnswers).toBe(0)
    }),
  )
})
