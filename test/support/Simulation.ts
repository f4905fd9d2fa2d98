// Runs an Effect program in simulated time, fast and deterministic: the clock stands still until the
// test moves it, and `settle` returns exactly when every other fiber is waiting.
//
// Works for programs that wait for nothing but fibers and the Clock. The time of day can be set apart
// from the time that sleeps run by, as on a machine whose clock is corrected.

import {
  Cause,
  Clock,
  Duration,
  Effect,
  Exit,
  type Fiber,
  Logger,
  LogLevel,
  Random,
  type Scheduler,
} from "effect"

/** Tasks run one after the other; more than this many without a rest is a program that spins. */
const maxTasksPerRest = 500_000

class RestingScheduler implements Scheduler.Scheduler {
  #tasks: Array<{ readonly task: () => void; readonly priority: number }> = []
  #running = false
  #ran = 0
  readonly #resting: Array<() => void> = []
  onSpinning: (error: Error) => void = () => undefined

  shouldYield(fiber: Fiber.RuntimeFiber<unknown, unknown>): number | false {
    const ops = (fiber as unknown as { readonly currentOpCount: number }).currentOpCount
    return ops > 2048 ? 0 : false
  }

  scheduleTask(task: () => void, priority: number): void {
    this.#tasks.push({ task, priority })
    if (this.#running) return
    this.#running = true
    queueMicrotask(() => this.#run())
  }

  /** Calls back when there is nothing left to run. */
  onRest(resume: () => void): void {
    this.#ran = 0
    this.#resting.push(resume)
    this.scheduleTask(() => undefined, 0)
  }

  #run(): void {
    for (;;) {
      if (this.#tasks.length === 0) {
        const resume = this.#resting.shift()
        if (resume === undefined) break
        resume()
        continue
      }
      const tasks = this.#tasks
      this.#tasks = []
      tasks.sort((a, b) => a.priority - b.priority)
      for (const { task } of tasks) task()
      this.#ran += tasks.length
      if (this.#ran > maxTasksPerRest) {
        this.#running = false
        return this.onSpinning(new Error("The program never comes to rest"))
      }
    }
    this.#running = false
  }
}

interface Sleeper {
  readonly at: number
  readonly order: number
  readonly wake: () => void
}

class SimulatedClock implements Clock.Clock {
  readonly [Clock.ClockTypeId]: typeof Clock.ClockTypeId = Clock.ClockTypeId
  /** Milliseconds since the start, which sleeps run by. */
  elapsed = 0
  /** The time of day at the start. */
  epoch = 1_700_000_000_000
  #order = 0
  readonly #sleepers = new Set<Sleeper>()

  unsafeCurrentTimeMillis(): number {
    return this.epoch + this.elapsed
  }
  unsafeCurrentTimeNanos(): bigint {
    return BigInt(Math.round(this.unsafeCurrentTimeMillis())) * 1_000_000n
  }
  readonly currentTimeMillis = Effect.sync(() => this.unsafeCurrentTimeMillis())
  readonly currentTimeNanos = Effect.sync(() => this.unsafeCurrentTimeNanos())

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const at = this.elapsed + Math.max(0, Duration.toMillis(duration))
      const sleeper = { at, order: this.#order++, wake: () => resume(Effect.void) }
      this.#sleepers.add(sleeper)
      return Effect.sync(() => this.#sleepers.delete(sleeper))
    })
  }

  next(): Sleeper | undefined {
    let next: Sleeper | undefined
    for (const sleeper of this.#sleepers) {
      if (next === undefined || sleeper.at < next.at) next = sleeper
      else if (sleeper.at === next.at && sleeper.order < next.order) next = sleeper
    }
    return next
  }

  wake(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper)
    this.elapsed = Math.max(this.elapsed, sleeper.at)
    sleeper.wake()
  }
}

export class Simulation {
  readonly #clock = new SimulatedClock()
  readonly #scheduler = new RestingScheduler()
  readonly #seed: number

  constructor(seed = 1) {
    this.#seed = seed
  }

  /** The time of day, in milliseconds since the epoch. */
  get now(): number {
    return this.#clock.unsafeCurrentTimeMillis()
  }

  /** Milliseconds since the start. */
  get elapsed(): number {
    return this.#clock.elapsed
  }

  /** Runs a program; what it logs is dropped unless EVENTLOOM_TEST_LOG is set. */
  run<A, E>(program: Effect.Effect<A, E>): Promise<A> {
    const quiet =
      process.env["EVENTLOOM_TEST_LOG"] === undefined
        ? Logger.minimumLogLevel(LogLevel.None)
        : Logger.minimumLogLevel(LogLevel.Debug)
    const simulated = program.pipe(
      Effect.withClock(this.#clock),
      Effect.withRandom(Random.make(this.#seed)),
      Effect.provide(quiet),
    )
    return new Promise((resolve, reject) => {
      this.#scheduler.onSpinning = reject
      const begin = () =>
        Effect.runFork(simulated, { scheduler: this.#scheduler }).addObserver((exit) => {
          if (Exit.isSuccess(exit)) resolve(exit.value)
          else reject(Cause.squash(exit.cause))
        })
      // Simulated time leaves no room for the event loop; many runs in a row must.
      setImmediate(begin)
    })
  }

  /** Returns when every other fiber waits. */
  readonly settle: Effect.Effect<void> = Effect.async<void>((resume) =>
    this.#scheduler.onRest(() => resume(Effect.void)),
  )

  /** Lets time pass, stopping at each instant at which somebody wakes. */
  advance(duration: Duration.DurationInput): Effect.Effect<void> {
    return Effect.suspend(() => {
      const end = this.#clock.elapsed + Duration.toMillis(duration)
      const step: Effect.Effect<void> = Effect.flatMap(this.settle, () => {
        const next = this.#clock.next()
        if (next === undefined || next.at > end) {
          this.#clock.elapsed = end
          return Effect.void
        }
        this.#clock.wake(next)
        return step
      })
      return step
    })
  }

  /** Sets the time of day; nobody who sleeps notices. */
  setClock(shift: Duration.DurationInput, direction: "forward" | "back"): Effect.Effect<void> {
    return Effect.sync(() => {
      const millis = Duration.toMillis(shift)
      this.#clock.epoch += direction === "forward" ? millis : -millis
    })
  }

  /** Lets time pass until the condition holds; dies when it does not within `within`. */
  eventually(
    condition: () => boolean,
    within: Duration.DurationInput = "1 hour",
  ): Effect.Effect<void> {
    return Effect.suspend(() => {
      const end = this.#clock.elapsed + Duration.toMillis(within)
      const step: Effect.Effect<void> = Effect.flatMap(this.settle, () => {
        if (condition()) return Effect.void
        const next = this.#clock.next()
        if (next === undefined || next.at > end) {
          return Effect.dieMessage(`never happened: ${condition.toString()}`)
        }
        this.#clock.wake(next)
        return step
      })
      return step
    })
  }

  /** Runs an effect to its end, letting time pass; dies when that takes longer than `within`. */
  finish<A, E, R>(
    effect: Effect.Effect<A, E, R>,
    within: Duration.DurationInput = "1 hour",
  ): Effect.Effect<A, E, R> {
    return Effect.flatMap(this.exitOf(effect, within), (exit) => exit)
  }

  exitOf<A, E, R>(
    effect: Effect.Effect<A, E, R>,
    within: Duration.DurationInput = "1 hour",
  ): Effect.Effect<Exit.Exit<A, E>, never, R> {
    return Effect.flatMap(Effect.fork(effect), (fiber) => {
      let exit: Exit.Exit<A, E> | undefined
      fiber.addObserver((ended) => {
        exit = ended
      })
      return Effect.map(
        this.eventually(() => exit !== undefined, within),
        () => exit ?? Exit.die("it did not end"),
      )
    })
  }
}
