// What a command can end with besides success, and the exit code that says so.

import { Schema } from "effect"

/** The command was called wrongly: exit code 2. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", {
  reason: Schema.String,
}) {
  override get message(): string {
    return this.reason
  }
}

/** The command was understood and could not be carried out: exit code 1. */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", {
  reason: Schema.String,
}) {
  override get message(): string {
    return this.reason
  }
}

/** The failure has been shown already: exit code 1 and not another word. */
export class FailedVisibly extends Schema.TaggedError<FailedVisibly>()("FailedVisibly", {}) {
  override get message(): string {
    return "see above"
  }
}

/** Nobody answers at the server's address: exit code 1. */
export class ServerUnreachable extends Schema.TaggedError<ServerUnreachable>()(
  "ServerUnreachable",
  { url: Schema.String, reason: Schema.String },
) {
  override get message(): string {
    return `No server answers at ${this.url}: ${this.reason}. Start one with \`eventloom serve\`, or name another with --url or EVENTLOOM_URL.`
  }
}

/** The server did not carry out the request: exit code 1. */
export class RequestRefused extends Schema.TaggedError<RequestRefused>()("RequestRefused", {
  status: Schema.Number,
  detail: Schema.String,
  /** What has to change, when the server names it. */
  field: Schema.optional(Schema.String),
}) {
  override get message(): string {
    const field = this.field === undefined ? "" : ` [field: ${this.field}]`
    const hint = this.status === 401 ? " Give the token with --token or EVENTLOOM_ADMIN_TOKEN." : ""
    return `${this.detail}${field} (HTTP ${this.status})${hint}`
  }
}
