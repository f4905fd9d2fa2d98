// The open event streams of a server: each is written as fast as its socket takes it, kept alive, and
// ended at once when the server closes.

import type { ServerResponse } from "node:http"
import { HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Context, Deferred, Duration, Effect, Option } from "effect"
import type { EventReader } from "../../actors/index.js"
import type { NamespaceName } from "../../domain/index.js"
import {
  endText,
  eventStreamContentType,
  followedText,
  heartbeat,
  positionMark,
  retryHint,
} from "./ServerSentEvents.js"
import type { ServerLimits } from "./ServerLimits.js"

export interface EventStreamsShape {
  /**
   * Answers the request with what the reader gives, until it ends, the client leaves, is no longer
   * allowed (`lapse` returns), or the server closes.
   */
  readonly answer: (
    namespace: NamespaceName,
    reader: EventReader,
    lapse: Effect.Effect<void>,
  ) => Effect.Effect<
    HttpServerResponse.HttpServerResponse,
    never,
    HttpServerRequest.HttpServerRequest
  >
  /** Ends all streams, with a hint to connect again; none lasts longer than its next write. */
  readonly close: Effect.Effect<void>
}

export class EventStreams extends Context.Tag("eventloom/http/EventStreams")<
  EventStreams,
  EventStreamsShape
>() {}

type StreamLimits = Pick<ServerLimits, "streamHeartbeat" | "streamRetry" | "streamStalled">

export const eventStreamHeaders = {
  "content-type": eventStreamContentType,
  "cache-control": "no-store",
  // For nginx, which would hold events back to fill a buffer.
  "x-accel-buffering": "no",
}

export const makeEventStreams = (limits: StreamLimits): Effect.Effect<EventStreamsShape> =>
  Effect.map(Deferred.make<void>(), (closing) => ({
    close: Effect.asVoid(Deferred.succeed(closing, undefined)),
    answer: (namespace, reader, lapse) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
        const response = NodeHttpServerRequest.toServerResponse(request)
        const follow = followInto(response, namespace, reader, limits)
        return Effect.raceAll([follow, lapse, Deferred.await(closing)]).pipe(
          Effect.zipRight(Effect.sync(() => leave(response, limits))),
          Effect.ensuring(Effect.sync(() => response.end())),
          Effect.as(HttpServerResponse.empty()),
        )
      }),
  }))

/** Ends the answer. One whose reader is not reading is cut off: it would wait for ever. */
const leave = (response: ServerResponse, { streamRetry }: StreamLimits): void => {
  if (response.writableEnded) return
  if (response.writableNeedDrain) response.destroy()
  else response.end(retryHint(Duration.toMillis(streamRetry)))
}

const followInto = (
  response: ServerResponse,
  namespace: NamespaceName,
  { next, ready, start }: EventReader,
  { streamHeartbeat, streamRetry, streamStalled }: StreamLimits,
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const retryMillis = Duration.toMillis(streamRetry)
    const beat = Duration.toMillis(streamHeartbeat)
    let told = start
    let wroteAt = 0
    response.writeHead(200, eventStreamHeaders)
    // The position comes first, so that a client that is cut off before its first event does not
    // begin anew at the head.
    let text = retryHint(retryMillis) + positionMark(start)
    for (;;) {
      if (text !== "") {
        const taken = yield* Effect.timeoutOption(write(response, text), streamStalled)
        if (Option.isNone(taken)) return void response.destroy()
        wroteAt = clock.unsafeCurrentTimeMillis()
      }
      const rest = Math.max(0, wroteAt + beat - clock.unsafeCurrentTimeMillis())
      yield* Effect.timeoutOption(ready, rest)
      const followed = yield* next
      text = followedText(followed)
      const last = followed.events.findLast(({ sequence }) => sequence > 0)
      if (last !== undefined) told = last.sequence
      if (followed.end !== undefined) {
        return void response.end(text + endText(followed.end, namespace, retryMillis))
      }
      if (text === "" && clock.unsafeCurrentTimeMillis() - wroteAt >= beat) {
        text = followed.position > told ? positionMark(followed.position) : heartbeat
        told = followed.position
      }
    }
  })

/** Returns when the socket has room again, or never, when it is lost: then the request is interrupted. */
const write = (response: ServerResponse, text: string): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (response.write(text)) return resume(Effect.void)
    const onDrain = () => resume(Effect.void)
    response.once("drain", onDrain)
    return Effect.sync(() => response.off("drain", onDrain))
  })
