/** Events: CloudEvents 1.0 as values, their rules and their wire formats. */
export * from "./CloudEvent.js"
export * from "./EventJson.js"
export * from "./EventLimits.js"
export * from "./EventProblem.js"
