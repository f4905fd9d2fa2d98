// Writes down an actor's spec with its types inferred.
import type { ChildSpec } from "./Supervisor.js"

export const actorSpec = <State, Message, Command, E = never, R = never>(
  spec: ChildSpec<State, Message, Command, E, R>,
): ChildSpec<State, Message, Command, E, R> => spec
