// A chart decides: from a state and a message, the next state and the commands to perform. It is
// pure, so a cell can run it, a test can enumerate it and a restart can begin it anew.

export interface Chart<State, in Message, out Command> {
  readonly initial: readonly [State, ReadonlyArray<Command>]
  readonly step: (state: State, message: Message) => readonly [State, ReadonlyArray<Command>]
  /** The name of a state, for people and for the supervision tree. */
  readonly label: (state: State) => string
  /** Whether the actor ends in this state, after its commands. Absent: it lives until stopped. */
  readonly isFinal?: (state: State) => boolean
}
