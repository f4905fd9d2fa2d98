// The transport "hook0": events into an application of Hook0, by the API that it publishes.

import { Effect, Either, Exit, Redacted, type Scope } from "effect"
import type { Connection, Delivery, SinkConfig, Transport } from "../../../actors/index.js"
import { InvalidSetting, Outcome } from "../../../domain/index.js"
import { TargetGuard } from "../guard/TargetGuard.js"
import * as Agents from "../webhook/Agents.js"
import * as Deadlines from "../webhook/Deadlines.js"
import { openContext } from "../webhook/OpenContext.js"
import { hook0Client } from "./Hook0Client.js"
import { eventPostMaker } from "./Hook0Event.js"
import { Hook0Options, type Hook0OptionsEncoded } from "./Hook0Options.js"

export const HOOK0 = "hook0"
const TOKEN = "apiToken"
const TOKEN_FORM = /^[\x21-\x7e]{1,8192}$/

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
    return { url, token }
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
        onRight: ({ token, url }) =>
          Effect.gen(function* () {
            const { applicationId, createEventTypes } = config.options
            const context = yield* openContext({ agents, deadlines }, url.origin, config.options)
            const { submit } = hook0Client(context, { url, applicationId, token, createEventTypes })
            const postOf = eventPostMaker(config.options)
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
