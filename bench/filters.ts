/**
 * Content filters: what it costs to ask 1,000 subscriptions of one namespace, each with a filter of its
 * own, about an event. Every dialect takes one event after the other through the hub, as a commit does.
 *
 * For CEL, what a user would pick instead is the library's own evaluator, which knows no limits.
 */
import { Environment } from "@marcbachmann/cel-js"
import { Either, Option } from "effect"
import { NamespaceHub, type Route } from "../src/actors/namespace/NamespaceHub.js"
import { compileContent } from "../src/actors/subscription/Content.js"
import {
  CloudEvent,
  type Filter,
  JournaledEvent,
  NamespaceName,
  parseTypePattern,
  Sequence,
} from "../src/domain/index.js"
import { compare, figure, isMain, printTable } from "./measure.js"

const SUBSCRIPTIONS = 1_000

const event = Either.getOrThrow(
  CloudEvent.make({
    id: "order-4711",
    source: "/shops/17/orders",
    type: "order.placed",
    subject: "shops/17",
    tenant: "t500",
    priority: 5,
    data: {
      order: { id: 4711, total: 129.5, currency: "EUR", paid: true },
      customer: { id: 17, country: "ES", tags: ["gold", "newsletter"] },
      items: Array.from({ length: 5 }, (_, index) => ({ sku: `A-${index}`, count: index })),
    },
  }),
)

/** Filters that nearly all say no, each after looking at what the event has. */
const filterOf: Readonly<Record<string, (index: number) => Filter>> = {
  exact: (index) => ({ exact: { type: "order.placed", tenant: `t${index}` } }),
  sql: (index) => ({ sql: `subject LIKE 'shops/%' AND priority > 3 AND tenant = 't${index}'` }),
  cel: (index) => ({ cel: celOf(index) }),
  "cel, over a list": (index) => ({ cel: `event.data.items.exists(i, i.sku == 'B-${index}')` }),
}
const celOf = (index: number) =>
  `event.data.order.total > 100.0 && event.data.customer.country == 'ES' && event.tenant == 't${index}'`

const everything = Option.toArray(Option.getRight(parseTypePattern("*")))

/** A namespace whose every subscription asks its filter about what it is offered. */
const hubOf = (filters: ReadonlyArray<Filter>) => {
  let taken = 0
  const hub = new NamespaceHub(
    NamespaceName.make("bench.example"),
    "i",
    "enabled",
    Sequence.make(0),
    0,
  )
  for (const filter of filters) {
    const { passes } = Either.getOrThrow(compileContent({ filters: [filter] }))
    const route: Route = {
      offer: (event) => {
        if (passes(event)) taken++
      },
      offerEphemeral: () => true,
      drop: () => undefined,
      fallBehind: () => undefined,
      pump: () => undefined,
    }
    hub.route(route, everything)
  }
  return { hub, taken: () => taken }
}

const contender = (name: string, make: (index: number) => Filter, fromJournal = false) => {
  const filters = Array.from({ length: SUBSCRIPTIONS }, (_, index) => make(index))
  const { hub, taken } = hubOf(filters)
  const { json } = JournaledEvent.of(Sequence.make(1), event, 0)
  const next = () => {
    const sequence = Sequence.make(hub.head + 1)
    return fromJournal
      ? new JournaledEvent(sequence, event.type, json, 0)
      : JournaledEvent.of(sequence, event, 0)
  }
  hub.committed([next()])
  if (taken() !== (name.includes("list") ? 0 : 1))
    throw new Error(`${name} takes ${taken()} events`)
  return {
    name,
    run: (events: number) => {
      for (let event = 0; event < events; event++) hub.committed([next()])
    },
  }
}

const library = () => {
  const environment = new Environment({}).registerVariable("event", "dyn")
  const all = Array.from({ length: SUBSCRIPTIONS }, (_, index) => environment.parse(celOf(index)))
  return {
    name: "the library's evaluator, no limits",
    run: (events: number) => {
      for (let offered = 0; offered < events; offered++)
        for (const evaluate of all) evaluate({ event })
    },
  }
}

export const run = async (): Promise<void> => {
  const contenders = [
    ...Object.entries(filterOf).map(([name, make]) => contender(name, make)),
    contender("cel, events parsed from the journal", filterOf["cel"] ?? (() => ({})), true),
    library(),
  ]
  const measured = await compare(contenders)
  printTable(
    `Filter evaluations, ${SUBSCRIPTIONS.toLocaleString("en-US")} subscriptions with one each, one core`,
    ["filter", "evaluations/s", "against the library"],
    measured.map(({ name, perSecond, ratio }) => [
      name,
      figure(perSecond * SUBSCRIPTIONS),
      figure(ratio),
    ]),
  )
}

if (isMain(import.meta.url)) await run()
