// The ports that a store provides, all of them over the same data.

import type { AuditLog } from "./AuditLog.js"
import type { DeliveryLog } from "./DeliveryLog.js"
import type { EventTypes } from "./EventTypes.js"
import type { Invalidation } from "./Invalidation.js"
import type { Journal } from "./Journal.js"
import type { Keys } from "./Keys.js"
import type { Registry } from "./Registry.js"
import type { Removals } from "./Removals.js"
import type { SigningKeys } from "./SigningKeys.js"
import type { Replays } from "./Replays.js"
import type { Sources } from "./Sources.js"

export type StorePorts =
  | AuditLog
  | DeliveryLog
  | EventTypes
  | Invalidation
  | Journal
  | Keys
  | Registry
  | Removals
  | SigningKeys
  | Replays
  | Sources
