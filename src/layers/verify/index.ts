/** For receivers of webhooks: was it signed by whom I trust, lately, and which events are in it? */
export { type SignatureFault, WebhookVerificationError } from "./VerificationError.js"
export type { Headers, ReceivedEvent, ReceivedHeaders } from "./ReceivedEvents.js"
export {
  type Payload,
  type VerifiedWebhook,
  type Verifier,
  verify,
  type VerifyOptions,
  webhookVerifier,
} from "./Verify.js"
