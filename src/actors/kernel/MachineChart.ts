// An XState machine as a chart. The machine may use guards, `always`, `assign`, `raise` without a
// delay and `enqueueActions`; its one custom action is `perform`, whose parameter is a command.
// Whatever would give it a life of its own (invoke, after, spawn, sendTo, emit, other actions) is
// refused when the chart is made; what only shows at run time (inside enqueueActions) crashes the
// step that did it.
import { Schema } from "effect"
import {
  type AnyStateMachine,
  type EventFrom,
  type ExecutableActionsFrom,
  type InputFrom,
  initialTransition,
  type SnapshotFrom,
  StateMachine,
  type StateValue,
  transition,
} from "xstate"
import type { Chart } from "./Chart.js"

/** The commands of a machine: the parameter of its action `perform`. */
export type CommandOf<Machine extends AnyStateMachine> = Extract<
  ExecutableActionsFrom<Machine>,
  { readonly type: "perform" }
>["params"]

/** The machine asks for something only a live XState actor would do. A bug of its author. */
export class UnsupportedMachine extends Schema.TaggedError<UnsupportedMachine>()(
  "UnsupportedMachine",
  { machine: Schema.String, where: Schema.String, found: Schema.String },
) {
  override get message() {
    return `The machine "${this.machine}" cannot be a chart: ${this.found} at ${this.where}`
  }
}

/** The state of the chart is the machine's snapshot, with its `value` and `context`. */
export const fromMachine = <Machine extends AnyStateMachine>(
  machine: Machine,
  input: InputFrom<Machine>,
): Chart<SnapshotFrom<Machine>, EventFrom<Machine>, CommandOf<Machine>> => {
  const logic = prepare(machine)
  const settle = (
    snapshot: SnapshotFrom<AnyStateMachine>,
    actions: ReadonlyArray<{ readonly type: string; readonly params: unknown }>,
  ): readonly [SnapshotFrom<Machine>, ReadonlyArray<CommandOf<Machine>>] => {
    if (snapshot.status === "error") throw snapshot.error
    if (Object.keys(snapshot.children).length > 0)
      throw refuse(machine, "a step", "a spawned actor")
    const commands: Array<CommandOf<Machine>> = []
    for (const action of actions) {
      if (action.type === "perform") commands.push(action.params as CommandOf<Machine>)
      else if (!isPure(action)) throw refuse(machine, "a step", `the action ${action.type}`)
    }
    return [snapshot as SnapshotFrom<Machine>, commands]
  }
  const given: GivenInput = { given: input }
  return {
    initial: settle(...initialTransition(logic, given)),
    step: (state, message) => settle(...transition(logic, state, message)),
    label: (state) => labelOf(opened(state).value),
    isFinal: (state) => opened(state).status === "done",
  }
}

/** The compiler does not look into the snapshot of a machine it does not know yet. */
const opened = (state: unknown) => state as SnapshotFrom<AnyStateMachine>

const labelOf = (value: StateValue): string =>
  typeof value === "string"
    ? value
    : Object.entries(value)
        .map(([key, inner]) => {
          const label = inner === undefined ? "" : labelOf(inner)
          return label === "" ? key : `${key}.${label}`
        })
        .join(",")

interface GivenInput {
  readonly given: unknown
}

/** Thrown where nobody looks, so it needs no stack. */
const throwaway = { reason: "the context of a throwaway actor is never read" }

const prepared = new WeakMap<AnyStateMachine, AnyStateMachine>()

/**
 * Checks a machine once, and guards it against a trap: `transition` builds a throwaway actor for
 * each call, which runs the context factory with undefined input. The input is boxed here, so the
 * factory is only ever run for a true beginning, and the throwaway actor stops at once.
 */
const prepare = (machine: AnyStateMachine): AnyStateMachine => {
  const known = prepared.get(machine)
  if (known !== undefined) return known
  inspect(machine, machine.root)
  const context: unknown = machine.config.context
  const logic: AnyStateMachine = new StateMachine(
    {
      ...machine.config,
      context: (args: { readonly input: GivenInput | undefined }): unknown => {
        if (args.input === undefined) throw throwaway
        const given = args.input.given
        return typeof context === "function" ? context({ ...args, input: given }) : (context ?? {})
      },
    },
    machine.implementations,
  )
  prepared.set(machine, logic)
  return logic
}

const refuse = (machine: AnyStateMachine, where: string, found: string) =>
  new UnsupportedMachine({ machine: machine.id, where, found })

type Node = AnyStateMachine["root"]

const inspect = (machine: AnyStateMachine, node: Node): void => {
  const where = `state "${node.path.join(".") || machine.id}"`
  if (node.invoke.length > 0) throw refuse(machine, where, "an invoke")
  if (node.after.length > 0) throw refuse(machine, where, "a delayed transition (after)")
  const transitions = [...[...node.transitions.values()].flat(), ...(node.always ?? [])]
  const actions: ReadonlyArray<unknown> = [
    ...node.entry,
    ...node.exit,
    ...transitions.flatMap((each) => each.actions),
    ...(node.type === "compound" ? node.initial.actions : []),
  ]
  for (const action of actions) {
    const offence = offenceOf(machine, action)
    if (offence !== undefined) throw refuse(machine, where, offence)
  }
  for (const child of Object.values(node.states)) inspect(machine, child)
}

const pureActions: ReadonlySet<string> = new Set([
  "xstate.assign",
  "xstate.raise",
  "xstate.enqueueActions",
])

/** A built-in action carries its type on the function, a delayed raise its delay too. */
const isPure = (action: unknown): boolean =>
  (typeof action === "function" || (typeof action === "object" && action !== null)) &&
  "type" in action &&
  typeof action.type === "string" &&
  pureActions.has(action.type) &&
  !(("delay" in action && action.delay !== undefined) || hasDelay(action))

const hasDelay = (action: object): boolean =>
  "params" in action &&
  typeof action.params === "object" &&
  action.params !== null &&
  "delay" in action.params &&
  action.params.delay !== undefined

const offenceOf = (machine: AnyStateMachine, action: unknown): string | undefined => {
  if (isPure(action)) return undefined
  if (typeof action === "function") {
    return "type" in action ? `the action ${String(action.type)}` : "an action written in place"
  }
  const name =
    typeof action === "string"
      ? action
      : typeof action === "object" && action !== null && "type" in action
        ? String(action.type)
        : "?"
  if (name === "perform") return undefined
  const named: Readonly<Record<string, unknown>> = machine.implementations.actions
  return isPure(named[name]) ? undefined : `the action ${name}`
}
