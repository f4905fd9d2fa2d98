// The journal of a namespace, read and followed.

import type { Effect, Option, Scope, Stream } from "effect"
import type {
  JournaledEvent,
  NamespaceName,
  NamespaceNotFound,
  Sequence,
  TypePattern,
} from "../../../domain/index.js"
import type { EventReader, FollowError, FollowOptions } from "../Follow.js"
import type { Stored } from "./Answers.js"

export interface EventService {
  /** The journal of a namespace after a sequence. `types`: only matching events are in the answer. */
  readonly read: (
    namespace: NamespaceName,
    options: {
      readonly after: Sequence
      readonly limit: number
      readonly types?: ReadonlyArray<TypePattern>
    },
  ) => Stored<
    {
      readonly events: ReadonlyArray<JournaledEvent>
      /** Where to read on; undefined when the head is reached. */
      readonly next: Sequence | undefined
    },
    NamespaceNotFound
  >
  readonly get: (
    namespace: NamespaceName,
    sequence: Sequence,
  ) => Stored<Option.Option<JournaledEvent>, NamespaceNotFound>
  /**
   * The journal after a sequence, then what is committed, in order, without gap or repeat, however
   * slowly it is read; ephemeral events, with the sequence 0, for as long as it keeps up. Ends when
   * the namespace is removed or the mesh closes.
   */
  readonly follow: (
    namespace: NamespaceName,
    options?: FollowOptions,
  ) => Stream.Stream<JournaledEvent, FollowError>
  /** The same for a consumer with a pace of its own, who is told of what was lost and of the end. */
  readonly reader: (
    namespace: NamespaceName,
    options?: FollowOptions,
  ) => Effect.Effect<EventReader, FollowError, Scope.Scope>
}
