// The transport "hook0": events into an application of Hook0, by the API that it publishes.

import { Duration, Effect, Either, Exit, Redacted, type Scope } from "effect"
import type { Connection, Delivery, SinkConfig, Transport } from "../../../actors/index.js"
import { InvalidSetting, Outcome } from "../../../domain/index.js"
import { TargetGuard } from "../guard/TargetGuard.js"
import * as Agents from "../webhook/Agents.js"
import type { AttemptContext } from "../webhook/Attempt.js"
import * as Deadlines from "../webhook/Deadlines.js"
import { exchange, type WholeAnswer } from "../webhook/Exchange.js"
import { isUnknownType, outcomeOfHook0 } from "./Hook0Answer.js"
import { type EventPost, eventPostMaker, typeParts } from "./Hook0Event.js"
import { Hook0Options, type Hook0OptionsEncoded } from "./Hook0Options.js"

export const HOOK0 = "hook0"
const TOKEN = "apiToken"
const TOKEN_FORM = /^[\x21-\x7e]{1,8192}$/
const DEFAULT_PATH = "/api/v1"

type Hook0Config = SinkConfig<Hook0Options>

const invalid = (field: string, reason: string) => new InvalidSetting({ field, reason })

const readConfig = (guard: TargetGuard["Type"], { options, secrets }: Hook0Config) =>
  Either.gen(function* () {
    const url = yield* Either.mapLeft(guard.checkUrl(options.apiUrl), (error) =>
      invalid("apiUrl", error.message),
    )
    const token = secrets[TOKEN]
    if (token === undefined) return yield* Either.left(invalid(TOKEN, "is required"))
    if (!TOKEN_FORM.test(Redacted.value(token))) {
      return yield* Either.left(invalid(TOKEN, "must be printable ASCII without spaces"))
    }
    const path = url.pathname.replace(/\/+$/, "")
    return { origin: url.origin, path: path === "" ? DEFAULT_PATH : path, token }
  })

export const make = (
  agentsOptions: Agents.AgentsOptions = Agents.defaultAgentsOptions,
): Effect.Effect<Transport<Hook0Options, Hook0OptionsEncoded>, never, TargetGuard | Scope.Scope> =>
  Effect.gen(function* () {
    const guard = yield* TargetGuard
    const agents = yield* Agents.make(agentsOptions)
    const deadlines = yield* Deadlines.make

    const open = (config: Hook0Config): Effect.Effect<Connection, never, Scope.Scope> =>
      Either.match(readConfig(guard, config), {
        onLeft: ({ message }) => {
          const exit = Exit.succeed(Outcome.misconfigured(message))
          return Effect.succeed<Connection>({ deliver: () => exit })
        },
        onRight: ({ origin, path, token }) =>
          Effect.gen(function* () {
            const clock = yield* Effect.clock
            const { applicationId, connectTimeout, createEventTypes, timeout } = config.options
            const context: AttemptContext = {
              pool: yield* agents.pool(origin),
              deadlines,
              limits: {
                connectMillis: Duration.toMillis(connectTimeout),
                totalMillis: Duration.toMillis(timeout),
              },
              now: () => clock.unsafeCurrentTimeMillis(),
              elapsed: () => Deadlines.elapsedMillis(clock),
            }
            const postOf = eventPostMaker(config.options)
            const headers = [
              "content-type",
              "application/json",
              "user-agent",
              "Eventloom",
              "authorization",
              `Bearer ${Redacted.value(token)}`,
            ]
            const send = (resource: string, body: unknown) =>
              exchange(context, {
                method: "POST",
                path: `${path}/${resource}`,
                headers,
                body: Buffer.from(JSON.stringify(body)),
              })
            const outcomeOf = (answer: Either.Either<WholeAnswer, Outcome>): Outcome =>
              Either.match(answer, {
                onLeft: (outcome) => outcome,
                onRight: (whole) => outcomeOfHook0(whole, context.now()),
              })
            const register = (post: EventPost): Effect.Effect<Outcome> => {
              const parts = typeParts(post.event_type)
              if (parts === undefined) {
                return Effect.succeed(Outcome.reject("its type is too long to be registered"))
              }
              const [service, resource_type, verb] = parts
              const body = { application_id: applicationId, service, resource_type, verb }
              return Effect.map(send("event_types", body), outcomeOf)
            }
            const submit = (post: EventPost): Effect.Effect<Outcome> =>
              Effect.flatMap(send("event", post), (answer) => {
                const isUnknown = Either.isRight(answer) && isUnknownType(answer.right)
                if (!isUnknown || !createEventTypes) return Effect.succeed(outcomeOf(answer))
                return Effect.flatMap(register(post), (registered) =>
                  registered._tag === "Delivered"
                    ? Effect.map(send("event", post), outcomeOf)
                    : Effect.succeed(registered),
                )
              })
            return {
              deliver: (delivery: Delivery) =>
                Either.match(postOf(delivery), {
                  onLeft: (reason) => Effect.succeed(Outcome.reject(reason)),
                  onRight: submit,
                }),
            }
          }),
      })

    return {
      kind: HOOK0,
      options: Hook0Options,
      secrets: [TOKEN],
      prepare: (config) => Effect.as(readConfig(guard, config), {}),
      open,
    }
  })
