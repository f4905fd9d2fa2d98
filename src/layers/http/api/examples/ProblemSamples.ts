// A document of each kind of problem that the examples show. They are made as those of real answers
// are; a test compares the members of the two.

import { Problem } from "../../Problem.js"

const samples = [
  new Problem({
    status: 400,
    kind: "malformed-json",
    detail: "body is not JSON: an object key must be a string in double quotes (at character 2).",
    field: "body",
    facts: { position: 2 },
  }),
  new Problem({
    status: 400,
    kind: "invalid-parameter",
    detail: "limit: must be an integer from 1 to 10000",
    field: "limit",
  }),
  new Problem({
    status: 400,
    kind: "no-host",
    detail: "The header Host is required.",
    field: "host",
  }),
  new Problem({
    status: 401,
    kind: "unauthorized",
    detail: "The key is unknown, revoked or expired.",
    field: "authorization",
  }),
  new Problem({
    status: 403,
    kind: "operator-only",
    detail: "This takes the operator's token.",
  }),
  new Problem({
    status: 403,
    kind: "scope-missing",
    detail: 'This takes a key with the scope "manage".',
    facts: { scope: "manage" },
  }),
  new Problem({
    status: 403,
    kind: "foreign-host",
    detail: "Without an operator's token only this machine is served, and the host is another.",
    field: "host",
  }),
  new Problem({
    status: 404,
    kind: "namespace-not-found",
    detail: 'There is no namespace "acme.example".',
    facts: { namespace: "acme.example" },
  }),
  new Problem({
    status: 404,
    kind: "no-removal",
    detail: 'No removal of "acme.example" is under way.',
    facts: { namespace: "acme.example" },
  }),
  new Problem({
    status: 404,
    kind: "host-type-not-found",
    detail: 'There is no host type "shop".',
    facts: { hostType: "shop" },
  }),
  new Problem({
    status: 404,
    kind: "source-not-found",
    detail: 'There is no source "shop-database".',
    facts: { source: "shop-database" },
  }),
  new Problem({
    status: 404,
    kind: "key-not-found",
    detail: 'There is no key "89M6fspIX1g7KeJH" in "acme.example".',
    facts: { namespace: "acme.example", key: "89M6fspIX1g7KeJH" },
  }),
  new Problem({
    status: 404,
    kind: "sink-not-found",
    detail: 'There is no sink "orders-hook" in "acme.example".',
    facts: { namespace: "acme.example", sink: "orders-hook" },
  }),
  new Problem({
    status: 404,
    kind: "subscription-not-found",
    detail: 'There is no subscription "orders" in "acme.example".',
    facts: { namespace: "acme.example", subscription: "orders" },
  }),
  new Problem({
    status: 404,
    kind: "replay-not-found",
    detail: 'There is no replay "rp_0mwqpn0cs0000" of "orders".',
    facts: { namespace: "acme.example", subscription: "orders", replay: "rp_0mwqpn0cs0000" },
  }),
  new Problem({
    status: 404,
    kind: "event-type-not-found",
    detail: 'The namespace "acme.example" has no event type "shop.order.placed".',
    facts: { namespace: "acme.example", eventType: "shop.order.placed" },
  }),
  new Problem({
    status: 404,
    kind: "event-not-found",
    detail: 'There is no event 1042 in "acme.example".',
    facts: { namespace: "acme.example", sequence: "1042" },
  }),
  new Problem({
    status: 404,
    kind: "dead-letter-not-found",
    detail: 'There is no dead letter "dl_0mwqpn0cs0000" in "acme.example".',
    facts: { namespace: "acme.example", deadLetter: "dl_0mwqpn0cs0000" },
  }),
  new Problem({
    status: 406,
    kind: "not-acceptable",
    detail: "The answer is text/event-stream, which the Accept header does not take.",
    field: "accept",
  }),
  new Problem({
    status: 409,
    kind: "namespace-removing",
    detail: 'The namespace "acme.example" is being removed.',
    facts: { namespace: "acme.example" },
  }),
  new Problem({
    status: 409,
    kind: "namespace-disabled",
    detail: 'The namespace "acme.example" is disabled.',
    facts: { namespace: "acme.example" },
  }),
  new Problem({
    status: 409,
    kind: "host-type-in-use",
    detail: 'The host type "shop" is used by 3 namespaces.',
    facts: { hostType: "shop", namespaces: 3 },
  }),
  new Problem({
    status: 409,
    kind: "sink-in-use",
    detail: 'The sink "orders-hook" is used by: orders.',
    facts: { namespace: "acme.example", sink: "orders-hook", subscriptions: ["orders"] },
  }),
  new Problem({
    status: 409,
    kind: "quota-reached",
    detail: 'The namespace "acme.example" has 100 of 100.',
    facts: { namespace: "acme.example", quota: "maxSinks", limit: 100, current: 100 },
  }),
  new Problem({
    status: 409,
    kind: "rotation-under-way",
    detail:
      'The signing key in "acme.example" is being rotated until 2026-03-03T09:30:00.000Z. ' +
      'With an overlap of "0s" the ones before end at once.',
    facts: { namespace: "acme.example", until: "2026-03-03T09:30:00.000Z" },
  }),
  new Problem({
    status: 409,
    kind: "too-many-replays",
    detail: '4 replays of "orders" run already.',
    facts: { namespace: "acme.example", subscription: "orders", limit: 4 },
  }),
  new Problem({
    status: 409,
    kind: "catalogue-full",
    detail: "A catalogue has at most 1000 types.",
    facts: { limit: 1000, unit: "types" },
  }),
  new Problem({
    status: 409,
    kind: "subscription-paused",
    detail: 'The subscription "orders" is paused.',
    facts: { namespace: "acme.example", subscription: "orders", subscriptionStatus: "paused" },
  }),
  new Problem({
    status: 413,
    kind: "body-too-large",
    detail: "The body is larger than 262144 bytes.",
    field: "body",
    facts: { limitBytes: 262_144 },
  }),
  new Problem({
    status: 415,
    kind: "unsupported-content-type",
    detail: "The body must be application/json.",
    field: "content-type",
  }),
  new Problem({
    status: 422,
    kind: "invalid-field",
    detail: "ordering: must be one of none, key, strict",
    field: "ordering",
    pointer: "/ordering",
  }),
  new Problem({
    status: 422,
    kind: "schema-mismatch",
    detail:
      'An event of the type "shop.order.placed" does not match its schema: /data/total is required.',
    field: "data.total",
    pointer: "/data/total",
    facts: { namespace: "acme.example", eventType: "shop.order.placed", index: 0 },
  }),
  new Problem({
    status: 429,
    kind: "publish-rate-exceeded",
    detail: 'The namespace "acme.example" may publish 500/s.',
    facts: {
      namespace: "acme.example",
      quota: "publishRate",
      limit: "500/s",
      retryAfterMillis: 240,
    },
  }),
  new Problem({
    status: 429,
    kind: "too-many-streams",
    detail: "The namespace has 100 open streams, which is as many as there may be.",
    facts: { limit: 100 },
  }),
  new Problem({
    status: 500,
    kind: "internal",
    detail:
      "Something is wrong with the server. Its log says what, under the id 3f0c8a52-6f3c-4f0e-9a41-8f1f0a6d2b11.",
    facts: { id: "3f0c8a52-6f3c-4f0e-9a41-8f1f0a6d2b11" },
  }),
  new Problem({
    status: 503,
    kind: "store-unavailable",
    detail: "The store did not answer. Whether it did anything is not known; try again.",
  }),
  new Problem({
    status: 503,
    kind: "not-ready",
    detail: "Not ready: store.",
    facts: { problems: [{ what: "store", where: "journal" }], parkedSinks: 0, parked: [] },
  }),
] as const satisfies ReadonlyArray<Problem>

/** By kind: the documents. */
export const problemSamples: Readonly<Record<string, unknown>> = Object.fromEntries(
  samples.map(({ document, kind }) => [kind, JSON.parse(document)]),
)
