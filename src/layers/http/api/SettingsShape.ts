// Settings as they are shown: everything but the secret, of which only its presence.

import { Schema, Struct } from "effect"
import { Settings } from "../../../domain/index.js"

export const shownSettings = {
  ...Struct.omit(Settings.fields, "webhookSecret"),
  hasWebhookSecret: Schema.optional(Schema.Boolean),
}
