// The functions attached in this process, by namespace and sink. A slot lives while a function or an
// open sink holds it, so a removed namespace leaves nothing here.

import { Effect, Layer } from "effect"
import {
  type Availability,
  type Handler,
  HandlerAttached,
  Handlers,
  type HandlerSlot,
} from "../../../actors/index.js"
import type { NamespaceName, SinkName } from "../../../domain/index.js"

class Slot implements HandlerSlot {
  holders = 0
  #current: Handler | undefined
  readonly #watching = new Set<() => void>()
  readonly #waiting = new Set<(handler: Handler) => void>()

  get current(): Handler | undefined {
    return this.#current
  }

  readonly attached: Effect.Effect<Handler> = Effect.async<Handler>((resume) => {
    if (this.#current !== undefined) return resume(Effect.succeed(this.#current))
    const waiter = (handler: Handler) => resume(Effect.succeed(handler))
    this.#waiting.add(waiter)
    return Effect.sync(() => this.#waiting.delete(waiter))
  })

  readonly availability: Availability = {
    current: () => this.#current !== undefined,
    watch: (changed) => {
      this.#watching.add(changed)
      return () => this.#watching.delete(changed)
    },
  }

  attach(handler: Handler): void {
    this.#current = handler
    for (const changed of this.#watching) changed()
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const waiter of waiting) waiter(handler)
  }

  detach(): void {
    if (this.#current === undefined) return
    this.#current = undefined
    for (const changed of this.#watching) changed()
  }
}

export const make = (): Handlers["Type"] => {
  const slots = new Map<string, Slot>()

  const hold = (namespace: NamespaceName, sink: SinkName) => {
    // Neither name can contain a space.
    const key = `${namespace} ${sink}`
    return Effect.acquireRelease(
      Effect.sync(() => {
        const slot = slots.get(key) ?? new Slot()
        slots.set(key, slot)
        slot.holders++
        return slot
      }),
      (slot) =>
        Effect.sync(() => {
          slot.holders--
          if (slot.holders === 0 && slots.get(key) === slot) slots.delete(key)
        }),
    )
  }

  return {
    slot: hold,
    attach: (namespace, sink, handler) =>
      Effect.flatMap(hold(namespace, sink), (slot) =>
        Effect.acquireRelease(
          Effect.suspend(() =>
            slot.current === undefined
              ? Effect.sync(() => slot.attach(handler))
              : new HandlerAttached({ namespace, sink }),
          ),
          () => Effect.sync(() => slot.detach()),
        ),
      ),
    detachAll: (namespace) =>
      Effect.sync(() => {
        for (const [key, slot] of slots) {
          if (!key.startsWith(`${namespace} `)) continue
          // Who holds it still keeps what is nobody's any more.
          slots.delete(key)
          slot.detach()
        }
      }),
  }
}

/** Handlers of this process; every use of the layer's instance sees the same. */
export const layer = Layer.sync(Handlers, make)
