// Reading the journal of a namespace. Wakes nothing.

import { Effect, Option } from "effect"
import {
  type JournaledEvent,
  type NamespaceName,
  NamespaceNotFound,
  type Sequence,
  type TypePattern,
  typeMatches,
} from "../../domain/index.js"
import type { EventService } from "./service/EventService.js"
import type { MeshWorld } from "./MeshWorld.js"

/** Characters of JSON in one answer, though never less than one event. */
const pageBytes = 8 * 1024 * 1024
/** Events looked at for one answer: a rare type is found over several pages. */
const scanEvents = 5000

export const makeEvents = (world: MeshWorld): Pick<EventService, "get" | "read"> => {
  const { journal, registry } = world
  const check = (namespace: NamespaceName) =>
    Effect.flatMap(registry.getNamespace(namespace), (found) =>
      Option.isNone(found) || found.value.status === "removing"
        ? Effect.fail(new NamespaceNotFound({ namespace }))
        : Effect.void,
    )
  return {
    read: (namespace, { after, limit, types }) =>
      Effect.gen(function* () {
        yield* check(namespace)
        const events: Array<JournaledEvent> = []
        let cursor: Sequence = after
        let scanned = 0
        let bytes = 0
        for (;;) {
          const page = yield* journal.read({
            namespace,
            after: cursor,
            limit: Math.min(500, types === undefined ? limit : 500),
            maxBytes: pageBytes,
          })
          if (page.length === 0) return { events, next: undefined }
          for (const event of page) {
            cursor = event.sequence
            scanned++
            if (!wanted(types, event.type)) continue
            events.push(event)
            bytes += event.json.length
            if (events.length >= limit || bytes >= pageBytes) return { events, next: cursor }
          }
          if (scanned >= scanEvents) return { events, next: cursor }
        }
      }),
    get: (namespace, sequence) =>
      Effect.zipRight(check(namespace), journal.get(namespace, sequence)),
  }
}

const wanted = (types: ReadonlyArray<TypePattern> | undefined, type: string): boolean =>
  types === undefined || types.some((pattern) => typeMatches(pattern, type))
