// What the wal2http command is told.

import type { Redacted } from "effect"
import type { EmailConfig } from "../Deployment.js"

export type SinkConfig =
  | { readonly kind: "stdout" }
  | { readonly kind: "http"; readonly url: Redacted.Redacted<URL> }
  | {
      readonly kind: "hook0"
      readonly url: URL
      readonly applicationId: string
      readonly token: Redacted.Redacted
      readonly createEventTypes: boolean
    }

export interface Wal2HttpConfig {
  readonly databaseUrl: Redacted.Redacted
  readonly slot: string
  readonly publication: string
  readonly sink: SinkConfig
  /** Who hears of failures; undefined: nobody. */
  readonly email: EmailConfig | undefined
  /** The file that keeps what is given up on. */
  readonly deadLetters: string
  /** Bytes of log that the server may keep for the slot before somebody is told. */
  readonly lagBudget: number
  /** Bytes beyond which what cannot be delivered is given up on, rather than waited for. */
  readonly lagLimit: number | undefined
}
