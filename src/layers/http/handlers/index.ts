/** The handlers of all groups of the API. */
import { Layer } from "effect"
import { deadLettersHandlers } from "./DeadLettersHandlers.js"
import { eventsHandlers } from "./EventsHandlers.js"
import { healthHandlers } from "./HealthHandlers.js"
import { hostTypesHandlers } from "./HostTypesHandlers.js"
import { namespacesHandlers } from "./NamespacesHandlers.js"
import { operationsHandlers } from "./OperationsHandlers.js"
import { sinksHandlers } from "./SinksHandlers.js"
import { subscriptionsHandlers } from "./SubscriptionsHandlers.js"

export const allHandlers = Layer.mergeAll(
  deadLettersHandlers,
  eventsHandlers,
  healthHandlers,
  hostTypesHandlers,
  namespacesHandlers,
  operationsHandlers,
  sinksHandlers,
  subscriptionsHandlers,
)
