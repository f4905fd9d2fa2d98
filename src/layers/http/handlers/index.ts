/** The handlers of all groups of the API. */
import { Layer } from "effect"
import { deadLettersHandlers } from "./DeadLettersHandlers.js"
import { auditHandlers } from "./AuditHandlers.js"
import { deliveriesHandlers } from "./DeliveriesHandlers.js"
import { eventsHandlers } from "./EventsHandlers.js"
import { eventTypesHandlers } from "./EventTypesHandlers.js"
import { healthHandlers } from "./HealthHandlers.js"
import { hostTypesHandlers } from "./HostTypesHandlers.js"
import { keysHandlers } from "./KeysHandlers.js"
import { namespacesHandlers } from "./NamespacesHandlers.js"
import { operationsHandlers } from "./OperationsHandlers.js"
import { keySetHandlers, signingKeysHandlers } from "./SigningKeysHandlers.js"
import { replaysHandlers } from "./ReplaysHandlers.js"
import { sinksHandlers } from "./SinksHandlers.js"
import { sourcesHandlers } from "./SourcesHandlers.js"
import { subscriptionsHandlers } from "./SubscriptionsHandlers.js"

export const allHandlers = Layer.mergeAll(
  deadLettersHandlers,
  auditHandlers,
  deliveriesHandlers,
  eventsHandlers,
  eventTypesHandlers,
  healthHandlers,
  hostTypesHandlers,
  keysHandlers,
  namespacesHandlers,
  operationsHandlers,
  keySetHandlers,
  signingKeysHandlers,
  replaysHandlers,
  sinksHandlers,
  sourcesHandlers,
  subscriptionsHandlers,
)
