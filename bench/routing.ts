/**
 * Pattern matching: the routing table against `qlobber`, the trie matcher of the MQTT world.
 *
 * Both hold the same 10,000 subscriptions and answer with the same ids, which is checked first. The
 * second table shows what a match costs as subscriptions grow while a type keeps matching ten.
 */
import { RoutingTable, TypePattern } from "../src/domain/routing/index.js"
import { compare, figure, isMain, type Measured, printTable } from "./measure.js"

/** What is used of the peer, which is installed only to run the benchmarks. */
interface Qlobber {
  add(topic: string, value: number): unknown
  match(topic: string): Array<number>
}
interface QlobberModule {
  readonly Qlobber: new (options?: { readonly cache_splits?: number }) => Qlobber
}

const SUBSCRIPTIONS = 10_000
const TYPES = 200
const PEER = "qlobber"

interface Workload {
  readonly types: ReadonlyArray<string>
  readonly patterns: ReadonlyArray<TypePattern>
}

/** 200 types of 20 services; subscriptions to one type, to an aggregate, across services, to all. */
const workload = (): Workload => {
  const verbs = ["created", "updated", "removed", "expired", "moved"]
  const nouns = ["order", "invoice"]
  const types = Array.from({ length: TYPES }, (_, index) => {
    const service = Math.floor(index / 10)
    return `acme.s${service}.v1.${nouns[index % 2]}.${verbs[(index >> 1) % 5]}`
  })
  const patterns = Array.from({ length: SUBSCRIPTIONS }, (_, index) => {
    const type = types[index % TYPES] ?? ""
    const [, service = "", , noun = "", verb = ""] = type.split(".")
    const kind = index % 100
    if (index < 2) return "*"
    if (kind < 70) return `${type}${index % 3 === 0 ? "" : `.t${index}`}`
    if (kind < 90) return `acme.${service}.v1.${noun}.x${index}.*`
    if (kind < 98) return `acme.*.v1.${noun}.${verb}.r${index % 500}`
    if (kind < 99) return `acme.${service}.*`
    return `*.${service}.*.${noun}.${verb}`
  })
  return { types, patterns: patterns.map((pattern) => TypePattern.make(pattern)) }
}

/** The same meaning in the peer's words: its `#` is zero or more segments, ours is at least one. */
const toPeer = (pattern: string): string =>
  pattern === "*" ? "#" : pattern.endsWith(".*") ? `${pattern}.#` : pattern

const tableOf = (patterns: ReadonlyArray<TypePattern>): RoutingTable<number> => {
  const table = new RoutingTable<number>()
  patterns.forEach((pattern, id) => table.add(id, [pattern]))
  return table
}

const assertSame = (types: ReadonlyArray<string>, table: RoutingTable<number>, peer: Qlobber) => {
  for (const type of types) {
    const expected = peer.match(type).toSorted((a, b) => a - b)
    if (expected.join() !== table.match(type).join()) throw new Error(`they differ on ${type}`)
  }
}

/** Keeps what a benchmark computes from being optimized away. */
let sink = 0

/** Matches the same types over and over. */
const repeating =
  (types: ReadonlyArray<string>, match: (type: string) => ReadonlyArray<number>) =>
  (count: number): void => {
    for (let n = 0; n < count; n++) sink += match(types[n % types.length] ?? "").length
  }

/** Matches a type that never came before, each time. */
const everNew = (
  types: ReadonlyArray<string>,
  match: (type: string) => ReadonlyArray<number>,
): ((count: number) => void) => {
  let serial = 0
  return (count) => {
    for (let n = 0; n < count; n++) {
      sink += match(`${types[n % types.length]}.n${(serial++).toString(36)}`).length
    }
  }
}

const rowsOf = (measured: ReadonlyArray<Measured>, case_: string) =>
  measured.map(({ name, perSecond, ratio }) => [
    `${case_}: ${name}`,
    figure(perSecond),
    `${figure(ratio)}x`,
  ])

const againstPeer = async (Peer: QlobberModule["Qlobber"]): Promise<void> => {
  const { types, patterns } = workload()
  const table = tableOf(patterns)
  /** The peer gains from cached splits when types repeat, and loses by them when they do not. */
  const contend = (run: typeof repeating, cachedSplits: number) => {
    const peer = new Peer({ cache_splits: cachedSplits })
    patterns.forEach((pattern, id) => peer.add(toPeer(pattern), id))
    assertSame([...types, ...types.map((type) => `${type}.n1`)], table, peer)
    return compare([
      { name: "eventloom", run: run(types, (type) => table.match(type)) },
      { name: PEER, run: run(types, (type) => peer.match(type)) },
    ])
  }
  const matches = types.reduce((sum, type) => sum + table.match(type).length, 0) / types.length
  printTable(
    `Type matching, ${figure(SUBSCRIPTIONS)} subscriptions, ${TYPES} types that match ${figure(matches)} each`,
    ["case", "matches/s", "ratio"],
    [
      ...rowsOf(await contend(repeating, TYPES), "types repeat"),
      ...rowsOf(await contend(everNew, 0), "every type is new"),
    ],
  )
}

const asSubscriptionsGrow = async (): Promise<void> => {
  const matching = [
    "*",
    "a.*",
    "a.b.*",
    "a.b.c.*",
    "a.*.c.d",
    "*.b.c.d",
    "*.*.c.d",
    "a.b.*.d",
    "*.b.*",
  ]
  const contenders = [100_000, 10_000, 1_000].map((size) => {
    const other = Array.from({ length: size - 10 }, (_, index) =>
      index % 2 === 0 ? `a.x${index}.c.*` : `a.b.y${index}.d`,
    )
    const texts = [...matching, "a.b.c.d", ...other]
    const patterns = texts.map((text) => TypePattern.make(text))
    const table = new RoutingTable<number>({ types: 0 })
    patterns.forEach((pattern, id) => table.add(id, [pattern]))
    if (table.match("a.b.c.d").length !== 10) throw new Error("the type must match ten")
    return {
      name: `${figure(size)} subscriptions`,
      run: repeating(["a.b.c.d"], (type) => table.match(type)),
    }
  })
  printTable(
    "Type matching without the cache, one type that matches ten",
    ["case", "matches/s", "ratio"],
    (await compare(contenders)).map(({ name, perSecond, ratio }) => [
      name,
      figure(perSecond),
      `${figure(ratio)}x`,
    ]),
  )
}

/** Measures and prints; takes about ten seconds. */
export const run = async (): Promise<void> => {
  const { Qlobber }: QlobberModule = await import(PEER)
  await againstPeer(Qlobber)
  await asSubscriptionsGrow()
  if (sink === 0) throw new Error("nothing matched")
}

if (isMain(import.meta.url)) await run()
