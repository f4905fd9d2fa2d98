// A real SMTP server on loopback, for as long as a scope is open, that keeps what it is sent.

import { Effect } from "effect"
import PostalMime, { type Email } from "postal-mime"
import { SMTPServer, type SMTPServerOptions } from "smtp-server"
import { certificate, privateKey } from "./Certificate.js"

export interface Mail extends Omit<Email, "to"> {
  readonly encrypted: boolean
  /** Who it was for, as the envelope says. */
  readonly to: ReadonlyArray<string>
}

export interface MailServer {
  readonly port: number
  readonly mails: Array<Mail>
  /** Refuses the next step with this reply, for as long as it is set. */
  refuse: { readonly at: "sender" | "message" | "login"; readonly reply: number } | undefined
  /** Answers no sender any more. */
  hangs: boolean
  /** Somebody waits for an answer that does not come. */
  hanging: boolean
  openSockets: number
  /** Waits until the predicate holds; looked at whenever something happens here. */
  readonly until: (predicate: (server: MailServer) => boolean) => Effect.Effect<void>
}

const refusal = (reply: number) => Object.assign(new Error("refused"), { responseCode: reply })

/** Takes mail of "user" with "pass word"; `plain` of everybody, without encryption. */
export const start = ({ plain = false }: { readonly plain?: boolean } = {}) =>
  Effect.gen(function* () {
    const waiting = new Set<() => void>()
    const notify = () => {
      for (const look of waiting) look()
    }
    const state: MailServer = {
      port: 0,
      mails: [],
      refuse: undefined,
      hangs: false,
      hanging: false,
      openSockets: 0,
      until: (predicate) =>
        Effect.async<void>((resume) => {
          const look = () => {
            if (predicate(state)) resume(Effect.void)
          }
          waiting.add(look)
          look()
          return Effect.sync(() => waiting.delete(look))
        }),
    }
    const refused = (at: "sender" | "message" | "login") =>
      state.refuse?.at === at ? refusal(state.refuse.reply) : undefined
    const options: SMTPServerOptions = {
      key: privateKey,
      cert: certificate,
      logger: false,
      disabledCommands: plain ? ["STARTTLS"] : [],
      authOptional: plain,
      disableReverseLookup: true,
      onAuth: ({ password, username }, _session, done) => {
        if (username === "user" && password === "pass word" && state.refuse?.at !== "login") {
          return done(undefined, { user: "user" })
        }
        done(refused("login") ?? refusal(535))
      },
      onMailFrom: (_address, _session, done) => {
        state.hanging = state.hangs
        if (!state.hangs) done(refused("sender"))
        notify()
      },
      onData: (stream, session, done) => {
        const chunks: Array<Buffer> = []
        stream.on("data", (chunk: Buffer) => chunks.push(chunk))
        stream.on("end", () => {
          const fault = refused("message")
          if (fault !== undefined) return done(fault)
          const to = session.envelope.rcptTo.map(({ address }) => address)
          const keep = (mail: Email) =>
            Effect.sync(() => {
              state.mails.push({ ...mail, encrypted: session.secure, to })
              done()
            })
          Effect.runFork(
            Effect.flatMap(
              Effect.promise(() => PostalMime.parse(Buffer.concat(chunks))),
              keep,
            ),
          )
        })
      },
    }
    const server = yield* Effect.acquireRelease(
      Effect.async<SMTPServer>((resume) => {
        const opened = new SMTPServer(options)
        opened.on("error", () => undefined)
        opened.server.on("connection", (socket) => {
          state.openSockets++
          socket.on("close", () => {
            state.openSockets--
            notify()
          })
        })
        opened.listen(0, "127.0.0.1", () => resume(Effect.succeed(opened)))
      }),
      (opened) =>
        Effect.async<void>((resume) => {
          opened.close(() => resume(Effect.void))
        }),
    )
    const address = server.server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    return Object.assign(state, { port })
  })
