// What it means that a mail could not be sent. Replies of SMTP (RFC 5321, section 4.2) that begin with 4
// are for now, those with 5 for good; who is at fault depends on what was being said.

import { Outcome } from "../../../domain/index.js"

const fieldOf = (error: unknown, name: string): unknown =>
  typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined

/** The failure's kind and the number of the server's reply: what the server wrote may echo secrets. */
export const outcomeOfSending = (error: unknown): Outcome => {
  const code = fieldOf(error, "code")
  const reply = fieldOf(error, "responseCode")
  const kind = typeof code === "string" ? code : "failed"
  if (typeof reply !== "number") {
    return kind === "EAUTH"
      ? Outcome.misconfigured("the mail server offers no way to log in")
      : Outcome.retry(`the mail could not be sent (${kind})`)
  }
  const text = `the mail server answered ${reply}`
  if (reply < 500) return Outcome.retry(text)
  switch (kind) {
    case "EAUTH":
      return Outcome.misconfigured(`${text} to the login`)
    case "EENVELOPE":
      return Outcome.misconfigured(`${text} to the sender or the recipients`)
    case "EMESSAGE":
      return Outcome.reject(`${text} to the message`)
    default:
      return Outcome.retry(text)
  }
}
