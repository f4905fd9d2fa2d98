// Opens the sockets of a pool: resolves the host once, lets the guard judge every address, and
// connects to those very addresses, under the host's own name in TLS.
//
// Each connection being opened is a fiber, so its time limit follows the Clock and the end of the
// pool's scope destroys its socket.

import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net"
import { connect as connectTls, type ConnectionOptions, rootCertificates } from "node:tls"
import { Data, type Duration, Effect, type Fiber, FiberId, FiberSet, type Scope } from "effect"
import type { buildConnector } from "undici"
import type { TargetGuard } from "../guard/TargetGuard.js"

/** Neither an answer nor a refusal came from any address of the host in time. */
export class ConnectTimedOut extends Data.TaggedError("ConnectTimedOut")<{
  readonly host: string
}> {
  override get message(): string {
    return `the connection to "${this.host}" took too long`
  }
}

/** The socket could not be opened; `cause` is what Node says. */
class ConnectFailed extends Data.TaggedError("ConnectFailed")<{ readonly cause: Error }> {}

export interface ConnectorOptions {
  readonly timeout: Duration.Duration
  /** Certificate authorities besides those that Node knows by itself, in PEM. */
  readonly ca?: ReadonlyArray<string>
}

/** Answers with addresses that were resolved before, whatever the name. */
const lookupOf = (addresses: ReadonlyArray<string>): LookupFunction => {
  const answers = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_host, { all }, callback) => {
    const [first] = answers
    if (all === true || first === undefined) callback(null, answers)
    else callback(null, first.address, first.family)
  }
}

/** A way to connect, for one lane of a pool. */
export interface Connector {
  readonly connect: buildConnector.connector
  /** Gives up the connection that is being opened, if one is. */
  readonly cancel: () => void
}

/** Makes the connectors of one pool, which is for one origin. */
export const make = (
  guard: TargetGuard["Type"],
  { timeout, ca }: ConnectorOptions,
): Effect.Effect<() => Connector, never, Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* FiberSet.makeRuntime()
    let session: Buffer | undefined

    const open = (target: buildConnector.Options, addresses: ReadonlyArray<string>) =>
      Effect.async<Socket, ConnectFailed>((resume) => {
        const { hostname } = target
        const isTls = target.protocol === "https:"
        const tcp = {
          host: hostname,
          port: Number(target.port) || (isTls ? 443 : 80),
          lookup: lookupOf(addresses),
          autoSelectFamily: true,
          keepAlive: true,
          noDelay: true,
        }
        const name = hostname.replace(/\.$/, "")
        const tls: ConnectionOptions = {
          ...tcp,
          ALPNProtocols: ["http/1.1"],
          ...(isIP(hostname) === 0 ? { servername: name } : {}),
          ...(session === undefined ? {} : { session }),
          ...(ca === undefined ? {} : { ca: [...rootCertificates, ...ca] }),
        }
        const socket = isTls
          ? connectTls(tls).on("session", (ticket) => {
              session = ticket
            })
          : connectTcp(tcp)
        socket.once(isTls ? "secureConnect" : "connect", () => resume(Effect.succeed(socket)))
        // Stays for the life of the socket: an error without a listener would end the process.
        socket.on("error", (cause) => resume(new ConnectFailed({ cause })))
        return Effect.sync(() => socket.destroy())
      })

    const connecting = (target: buildConnector.Options, callback: buildConnector.Callback) =>
      guard.resolve(target.hostname).pipe(
        Effect.flatMap((addresses) => open(target, addresses)),
        Effect.timeoutFail({
          duration: timeout,
          onTimeout: () => new ConnectTimedOut({ host: target.hostname }),
        }),
        Effect.match({
          onSuccess: (socket) => callback(null, socket),
          onFailure: (error) =>
            callback(error._tag === "ConnectFailed" ? error.cause : error, null),
        }),
      )

    return () => {
      let fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined
      return {
        connect: (target, callback) => {
          fiber = run(connecting(target, callback))
        },
        cancel: () => fiber?.unsafeInterruptAsFork(FiberId.none),
      }
    }
  })
