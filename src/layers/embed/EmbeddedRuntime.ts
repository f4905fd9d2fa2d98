// A running mesh as promises see it: effects run to a value or a `MeshError`, and what callers hold
// open is closed with its namespace or the mesh.

import { type Clock, Effect, Exit, Runtime, Scope } from "effect"
import type { MeshService } from "../../actors/index.js"
import type { NamespaceName } from "../../domain/index.js"
import type { StoreLock } from "../stores/sql/StoreLock.js"
import { type Failure, meshClosed, meshError, orThrow } from "./Failures.js"
import type { MeshError } from "./MeshError.js"

/** Something of a namespace that is held open. */
export interface Held<A> {
  readonly value: Promise<A>
  /** Lets go of it, now or when it has opened. May be called again. */
  readonly close: () => Promise<void>
}

export class EmbeddedRuntime {
  readonly mesh: MeshService
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Resolves when another process has taken the store. */
  readonly lost: Promise<MeshError>
  readonly #run: <A, E>(effect: Effect.Effect<A, E>) => Promise<Exit.Exit<A, E>>
  readonly #dispose: () => Promise<void>
  readonly #held = new Map<NamespaceName, Set<Scope.CloseableScope>>()
  #forgetLock: () => void = () => undefined
  #closing: Promise<void> | undefined

  constructor(
    mesh: MeshService,
    lock: StoreLock["Type"],
    clock: Clock.Clock,
    runtime: Runtime.Runtime<never>,
    dispose: () => Promise<void>,
  ) {
    this.mesh = mesh
    this.now = () => clock.unsafeCurrentTimeMillis()
    this.#run = Runtime.runPromiseExit(runtime)
    this.#dispose = dispose
    this.lost = new Promise((resolve) => {
      this.#forgetLock = Runtime.runCallback(runtime)(Effect.flip(lock.lost), {
        onExit: (exit) => {
          if (Exit.isSuccess(exit)) resolve(meshError(exit.value))
        },
      })
    })
  }

  assertOpen(): void {
    if (this.#closing !== undefined) throw meshClosed()
  }

  async run<A>(effect: Effect.Effect<A, Failure | MeshError>): Promise<A> {
    this.assertOpen()
    return orThrow(await this.#run(effect))
  }

  runExit<A, E>(effect: Effect.Effect<A, E>): Promise<Exit.Exit<A, E>> {
    return this.#run(effect)
  }

  /** Opens something that lives until it is closed, its namespace is removed, or the mesh is closed. */
  open<A>(
    namespace: NamespaceName,
    make: () => Effect.Effect<A, Failure | MeshError, Scope.Scope>,
  ): Held<A> {
    const scope = Effect.runSync(Scope.make())
    const held = this.#held.get(namespace) ?? new Set()
    this.#held.set(namespace, held.add(scope))
    const close = async () => {
      held.delete(scope)
      if (held.size === 0 && this.#held.get(namespace) === held) this.#held.delete(namespace)
      await this.#run(Scope.close(scope, Exit.void))
    }
    const opening = async () => {
      try {
        return await this.run(Scope.extend(make(), scope))
      } catch (error) {
        await close()
        throw error
      }
    }
    return { value: opening(), close }
  }

  async closeAllOf(namespace: NamespaceName): Promise<void> {
    const held = this.#held.get(namespace)
    this.#held.delete(namespace)
    for (const scope of held ?? []) await this.#run(Scope.close(scope, Exit.void))
  }

  /** The mesh first, whose last deliveries still need the functions that are attached. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#forgetLock()
    await this.#dispose()
    for (const namespace of this.#held.keys()) await this.closeAllOf(namespace)
  }
}
