// The transport "email": events as mails over SMTP, those of one cause in one mail.
//
// What is delivered together (the subscription's `batch` says how long to collect) makes one mail for
// each type and subject, with how many there were. The mail server's address passes the guard like any
// target's, except for the operator's own sinks.

import { connect, type Socket } from "node:net"
import { Array as Arr, Duration, Effect, Exit, Option, Redacted, type Scope } from "effect"
import { createTransport } from "nodemailer"
import type { Connection, Delivery, SinkConfig, Transport } from "../../../actors/index.js"
import { InvalidSetting, type NamespaceName, Outcome } from "../../../domain/index.js"
import { TargetGuard } from "../guard/TargetGuard.js"
import { EmailOptions, type EmailOptionsEncoded } from "./EmailOptions.js"
import { causeOf, type Letter, letterOf } from "./Letter.js"
import { outcomeOfSending } from "./SendingOutcome.js"

export const EMAIL = "email"
const PASSWORD = "password"

type EmailConfig = SinkConfig<EmailOptions>

export interface EmailTransportOptions {
  /** Whose sinks may send through any server, also a private one: the operator's. */
  readonly operator?: NamespaceName
  /** Certificate authorities besides those that Node knows by itself, in PEM. */
  readonly ca?: ReadonlyArray<string>
}

/** The sockets of an open sink; those still open when the scope closes are destroyed. */
const socketsInUse = Effect.acquireRelease(
  Effect.sync(() => new Set<Socket>()),
  (sockets) =>
    Effect.sync(() => {
      for (const socket of sockets) socket.destroy()
    }),
)

/** A socket on its way, among those in use until it is closed. */
const socketTo = (host: string, port: number, sockets: Set<Socket>): Effect.Effect<Socket> =>
  Effect.sync(() => {
    const socket = connect({ host, port, noDelay: true })
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
    return socket
  })

const connected = (socket: Socket): Effect.Effect<void, Outcome> =>
  Effect.async((resume) => {
    // Whoever uses it hears of later errors too; without a listener one would end the process.
    socket.on("error", (error) => resume(Effect.fail(outcomeOfSending(error))))
    socket.once("connect", () => resume(Effect.void))
  })

/** RFC 3834: nobody's holiday notice should answer. */
const headers = { "auto-submitted": "auto-generated" }

const portOf = ({ port, security }: EmailOptions): number =>
  port ?? (security === "tls" ? 465 : 587)

export const make = ({
  ca,
  operator,
}: EmailTransportOptions = {}): Effect.Effect<
  Transport<EmailOptions, EmailOptionsEncoded>,
  never,
  TargetGuard
> =>
  Effect.map(TargetGuard, (guard) => {
    const isTrusted = ({ namespace }: EmailConfig) => namespace === operator

    const check = (config: EmailConfig): Effect.Effect<void, InvalidSetting> => {
      const { host, username } = config.options
      const refuse = (field: string, reason: string) => new InvalidSetting({ field, reason })
      if ((username === undefined) !== (config.secrets[PASSWORD] === undefined)) {
        return refuse(PASSWORD, "and username belong together")
      }
      return isTrusted(config)
        ? Effect.void
        : Effect.mapError(guard.checkHost(host, portOf(config.options)), ({ message }) =>
            refuse("host", message),
          )
    }

    /** The addresses that may be connected to, or what it means that there is none. */
    const resolve = (config: EmailConfig): Effect.Effect<string, Outcome> =>
      isTrusted(config)
        ? Effect.succeed(config.options.host)
        : guard.resolve(config.options.host).pipe(
            Effect.flatMap((addresses) =>
              Option.match(Arr.head(addresses), {
                onNone: () => Effect.fail(Outcome.retry("the host has no address")),
                onSome: Effect.succeed,
              }),
            ),
            Effect.catchTags({
              TargetRefused: ({ message }) => Effect.fail(Outcome.misconfigured(message)),
              HostUnresolved: ({ message }) => Effect.fail(Outcome.retry(message)),
            }),
          )

    const send = (
      config: EmailConfig,
      letter: Letter,
      sockets: Set<Socket>,
    ): Effect.Effect<Outcome> => {
      const { from, host, security, timeout, to, username } = config.options
      const password = config.secrets[PASSWORD]
      const millis = Duration.toMillis(timeout)
      const mail = (socket: Socket) =>
        Effect.tryPromise({
          try: () =>
            createTransport({
              connection: socket,
              host,
              port: portOf(config.options),
              secure: security === "tls",
              requireTLS: security === "starttls",
              ignoreTLS: security === "none",
              tls: { servername: host, ...(ca === undefined ? {} : { ca: [...ca] }) },
              greetingTimeout: millis,
              socketTimeout: millis,
              disableFileAccess: true,
              disableUrlAccess: true,
              ...(username === undefined || password === undefined
                ? {}
                : { auth: { user: username, pass: Redacted.value(password) } }),
            }).sendMail({ from, to: [...to], ...letter, headers }),
          catch: outcomeOfSending,
        })
      return resolve(config).pipe(
        Effect.flatMap((address) =>
          Effect.acquireUseRelease(
            socketTo(address, portOf(config.options), sockets),
            (socket) => Effect.zipRight(connected(socket), mail(socket)),
            (socket) => Effect.sync(() => socket.destroy()),
          ),
        ),
        Effect.as(Outcome.delivered()),
        Effect.timeoutTo({
          duration: timeout,
          onSuccess: (outcome): Outcome => outcome,
          onTimeout: () => Outcome.retry(`not sent within ${millis} ms`),
        }),
        Effect.catchAll(Effect.succeed),
      )
    }

    const open = (config: EmailConfig): Effect.Effect<Connection, never, Scope.Scope> =>
      Effect.flatMap(socketsInUse, (sockets) =>
        check(config).pipe(
          Effect.match({
            onFailure: ({ message }): Connection => {
              const exit = Exit.succeed(Outcome.misconfigured(message))
              return { deliver: () => exit }
            },
            onSuccess: (): Connection => {
              const about = (deliveries: Arr.NonEmptyReadonlyArray<Delivery>) =>
                send(config, letterOf(deliveries, config.options.subject), sockets)
              return {
                deliver: (delivery) => about([delivery]),
                deliverBatch: (deliveries) =>
                  Effect.map(
                    Effect.forEach(
                      Object.entries(Arr.groupBy(deliveries, causeOf)),
                      ([cause, of]) =>
                        Effect.map(about(of), (outcome) => [cause, outcome] as const),
                    ),
                    (sent) => {
                      const outcomes = new Map(sent)
                      return deliveries.map(
                        (delivery) => outcomes.get(causeOf(delivery)) ?? Outcome.retry("not sent"),
                      )
                    },
                  ),
              }
            },
          }),
        ),
      )

    return {
      kind: EMAIL,
      options: EmailOptions,
      secrets: [PASSWORD],
      prepare: (config) => Effect.as(check(config), {}),
      open,
    }
  })
