// Settings on their way to the store: their secrets sealed for the owner that states them.

import { Effect, Redacted } from "effect"
import type { Settings } from "../../domain/index.js"
import type { Vault } from "../ports/index.js"

/**
 * Seals the secrets of settings. A secret that is not stated stays as it was stored, as long as the
 * URL it is for stays too.
 */
export const sealSettings = (
  vault: Vault["Type"],
  owner: string,
  settings: Settings,
  stored: Settings | undefined,
): Effect.Effect<Settings> => {
  const { webhookSecret } = settings
  if (typeof webhookSecret === "string") {
    return Effect.map(vault.seal(owner, Redacted.make(webhookSecret)), (sealed) => ({
      ...settings,
      webhookSecret: `${owner}|${sealed}`,
    }))
  }
  const keeps =
    webhookSecret === undefined &&
    stored?.webhookSecret !== undefined &&
    stored.webhookUrl === settings.webhookUrl
  return Effect.succeed(keeps ? { ...settings, webhookSecret: stored.webhookSecret } : settings)
}

export const hostTypeOwner = (name: string): string => `hosttype:${name}`
