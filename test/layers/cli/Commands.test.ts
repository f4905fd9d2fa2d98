import { expect } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Mesh } from "../../../src/actors/index.js"
import { NamespaceName, Outcome } from "../../../src/domain/index.js"
import { temporaryDirectory } from "../../support/TemporaryDirectory.js"
import { withSharedLayer } from "../../support/SharedLayer.js"
import { jsonOf, type Ran } from "./support/Run.js"
import { cli, testServer } from "./support/Server.js"

const written = (name: string, text: string) =>
  Effect.gen(function* () {
    const file = path.join(yield* temporaryDirectory, name)
    yield* Effect.promise(() => fs.writeFile(file, text))
    return file
  })

const Letters = Schema.Struct({
  deadLetters: Schema.Array(Schema.Struct({ id: Schema.String })),
})
const Listed = (ran: Ran) => Schema.decodeUnknownSync(Letters)(jsonOf(ran))

withSharedLayer("commands for a running server", testServer(), (it) => {
  it.effect("publish one event, and read it back", () =>
    Effect.gen(function* () {
      yield* cli("namespaces add one.example")
      const published = yield* cli(
        'publish one.example --type booking.reserved --id b1 --subject room-1 --data {"a":1}',
      )
      expect(published).toMatchObject({ code: 0, err: "" })
      expect(published.out).toMatch(/^sequence +id +source\n +1 +b1 +\/eventloom\/cli\n$/)

      const again = yield* cli("publish one.example --type booking.reserved --id b1 --json")
      expect(jsonOf(again)).toEqual({
        accepted: [{ source: "/eventloom/cli", id: "b1", sequence: "1", duplicate: true }],
      })

      const tail = yield* cli("tail one.example --from earliest --limit 1 --json")
      expect(jsonOf(tail)).toEqual({
        sequence: "1",
        event: {
          specversion: "1.0",
          id: "b1",
          source: "/eventloom/cli",
          type: "booking.reserved",
          subject: "room-1",
          datacontenttype: "application/json",
          data: { a: 1 },
        },
      })
    }),
  )

  it.scoped("publish a file of lines in batches, a second time as duplicates", () =>
    Effect.gen(function* () {
      yield* cli("namespaces add lines.example")
      const lines = Array.from({ length: 1_203 }, (_, n) =>
        JSON.stringify({ id: `e${n}`, type: n % 2 === 0 ? "even" : "odd", data: { n } }),
      )
      const file = yield* written("events.ndjson", `${lines.join("\n")}\n\n`)
      const first = yield* cli(`publish lines.example --file ${file}`)
      expect(first.code).toBe(0)
      expect(first.out).toMatch(/^1,203 events accepted in .*, sequences 1 to 1203\n$/)
      const second = yield* cli(`publish lines.example --file ${file}`)
      expect(second.out).toContain("1,203 of them published before")

      const odd = yield* cli("tail lines.example --type odd --after 999 --limit 2 --json")
      const events = odd.out.trim().split("\n")
      expect(events.map((line) => JSON.parse(line).sequence)).toEqual(["1000", "1002"])
    }),
  )

  it.scoped("publish a file that is one JSON array", () =>
    Effect.gen(function* () {
      yield* cli("namespaces add array.example")
      const file = yield* written(
        "events.json",
        JSON.stringify(
          [
            { id: "x", source: "/s" },
            { id: "y", type: "own" },
          ],
          null,
          2,
        ),
      )
      const ran = yield* cli(`publish array.example --type filled.in --file ${file} --json`)
      expect(jsonOf(ran)).toEqual({
        accepted: [
          { source: "/s", id: "x", sequence: "1", duplicate: false },
          { source: "/eventloom/cli", id: "y", sequence: "2", duplicate: false },
        ],
      })
      const tail = yield* cli("tail array.example --from 1 --limit 2 --json")
      expect(
        tail.out
          .split("\n")
          .slice(0, 2)
          .map((line) => JSON.parse(line).event.type),
      ).toEqual(["filled.in", "own"])
    }),
  )

  it.scoped("a bad line is named, with what had been accepted before it", () =>
    Effect.gen(function* () {
      yield* cli("namespaces add bad.example")
      const file = yield* written("events.ndjson", '{"type":"a"}\n{"type":\n')
      const ran = yield* cli(`publish bad.example --file ${file}`)
      expect(ran).toMatchObject({ code: 2, out: "" })
      expect(ran.err).toContain("error: Line 2 of ")
      const missing = yield* cli("publish bad.example --file /nowhere/at/all")
      expect(missing.code).toBe(2)
      expect(missing.err).toContain("/nowhere/at/all cannot be read")
    }),
  )

  it.effect("tail follows what is published after it began", () =>
    Effect.gen(function* () {
      yield* cli("namespaces add follow.example")
      for (const id of ["a", "b", "c"]) yield* cli(`publish follow.example --type t --id ${id}`)
      // From the head on, which is found without reading the journal: only what comes next is shown.
      const following = yield* Effect.fork(cli("tail follow.example --limit 1 --json"))
      const publishing = Effect.forever(
        Effect.zipRight(cli("publish follow.example --type t"), Effect.sleep("20 millis")),
      )
      const tail = yield* Effect.raceFirst(following, publishing)
      expect(Number(JSON.parse(tail.out).sequence)).toBeGreaterThan(3)
    }),
  )

  it.scoped("replays are waited for, listed, left to themselves and cancelled", () =>
    Effect.gen(function* () {
      yield* cli("namespaces add again.example")
      const { handle } = yield* Mesh
      const seen: Array<unknown> = []
      yield* handle(NamespaceName.make("again.example"), "s", {}, (event) => {
        seen.push(event["replay"])
        return Outcome.delivered()
      })
      for (const id of ["a", "b", "c"]) yield* cli(`publish again.example --type t --id ${id}`)
      const ended = yield* cli("subscriptions replay again.example s --from 2 --json")
      expect(jsonOf(ended)).toMatchObject({ state: "completed", from: "2", to: "3", delivered: 2 })
      expect(seen.filter((replay) => replay !== undefined).length).toBe(2)
      const detached = yield* cli(
        "subscriptions replay again.example s --from earliest --rate 1/h --detach",
      )
      expect(detached.out).toMatch(/^to +3$/m)
      const list = yield* cli("subscriptions replays again.example s")
      expect(list.out).toMatch(/rp_\S+ +completed +2 +3 +3 +2 +0 +0 +0\nrp_\S+ +running/)
      const [, id = ""] = /^id +(\S+)$/m.exec(detached.out) ?? []
      const cancelled = yield* cli(`subscriptions cancel-replay again.example s ${id}`)
      expect(cancelled.out).toMatch(/^state +cancelled$/m)
    }),
  )

  it.effect("sinks and subscriptions are put, listed, shown, paused and removed", () =>
    Effect.gen(function* () {
      yield* cli("namespaces add things.example")
      const sink = yield* cli(
        "sinks put things.example hook --to https://example.com/h --header x-a=1 --header x-b=2 --handshake --json",
      )
      expect(jsonOf(sink)).toMatchObject({
        handshake: true,
        kind: "webhook",
        url: "https://example.com/h",
        headers: { "x-a": expect.any(String), "x-b": expect.any(String) },
        secret: expect.stringMatching(/^whsec_/),
      })
      const put = yield* cli(
        "subscriptions put things.example all --sink hook --type a.* --type b --ordering key --start-at earliest --audit all" +
          ` --filter {"exact":{"subject":"s"}} --filter {"cel":"event.data.n>3"} --transform {"type":"'b'"}`,
      )
      expect(put.code).toBe(0)
      const paused = yield* cli("subscriptions pause things.example all --json")
      expect(jsonOf(paused)).toMatchObject({
        state: "paused",
        types: ["a.*", "b"],
        filters: [{ exact: { subject: "s" } }, { cel: "event.data.n>3" }],
        transform: { type: "'b'" },
        audit: "all",
      })
      const unknown = yield* cli("subscriptions put things.example all --sink hook --audit some")
      expect(unknown).toMatchObject({ code: 1, out: "" })
      expect(unknown.err).toContain("audit")
      const list = yield* cli("subscriptions list things.example")
      expect(list.out).toMatch(/all +hook +a\.\* b +paused +0 +0/)
      expect(jsonOf(yield* cli("subscriptions resume things.example all --json"))).toMatchObject({
        status: "active",
      })
      const shown = yield* cli("sinks get things.example hook")
      expect(shown.out).toMatch(/^hasSecret +true$/m)
      expect(shown.out).not.toContain("whsec_")

      const rotated = yield* cli("sinks rotate-secret things.example hook --overlap 1h --json")
      expect(jsonOf(rotated)).toMatchObject({
        secret: expect.stringMatching(/^whsec_/),
        previousSecretUntil: expect.any(String),
      })

      const keys = yield* cli("signing-keys rotate things.example")
      expect(keys.out).toMatch(/^whpk_\S{44} +\S{43} /m)
      expect(keys.out).toContain("Published at /.well-known/jwks.json?set=")
      expect((yield* cli("signing-keys list things.example")).out).toBe(keys.out)

      const inUse = yield* cli("sinks remove things.example hook")
      expect(inUse).toMatchObject({ code: 1, out: "" })
      expect(inUse.err).toMatch(/^error: .*all.*\(HTTP 409\)\n$/)
      expect((yield* cli("subscriptions remove things.example all")).code).toBe(0)
      expect((yield* cli("sinks remove things.example hook")).code).toBe(0)
      expect((yield* cli("sinks list things.example")).out).toBe("There are none.\n")
    }),
  )

  it.effect("sources are put, listed, shown, told to read a table, and removed", () =>
    Effect.gen(function* () {
      const spec = {
        kind: "wal",
        databaseUrl: "postgres://u:hush-hush@127.0.0.1:1/shop",
        slot: "shop",
        publication: "p",
        namespace: "{{row.tenant}}",
      }
      const put = yield* cli(`sources put db --spec ${JSON.stringify(spec)}`)
      expect(put).toMatchObject({ code: 0, err: "" })
      expect(put.out).toMatch(/^server +127\.0\.0\.1:1\/shop$/m)
      const asked = yield* cli("sources snapshot db public.orders --detach")
      expect(asked.code).toBe(0)
      expect(asked.out).toMatch(/^state +waiting$/m)
      const listed = yield* cli("sources list")
      expect(listed.out).toMatch(/^ *name .* snapshots/)
      expect(listed.out).toMatch(/^ *db +wal +127\.0\.0\.1:1\/shop +shop .* 0\/1/m)
      const got = yield* cli("sources get db --json")
      expect(jsonOf(got)).toMatchObject({
        name: "db",
        snapshots: [{ table: "public.orders", state: "waiting" }],
      })
      const wrong = yield* cli("sources snapshot db orders")
      expect(wrong).toMatchObject({ code: 1, out: "" })
      expect(wrong.err).toContain("[field: table]")
      const unknown = yield* cli("sources snapshot nobody public.orders")
      expect(unknown.err).toContain('There is no source "nobody".')
      const removed = yield* cli("sources remove db")
      expect(removed).toMatchObject({ code: 0, out: "Removed the source db.\n" })
      expect((yield* cli("sources get db")).code).toBe(1)
      for (const { err, out } of [put, asked, listed, got, wrong, removed]) {
        expect(out + err).not.toContain("hush")
      }
    }),
  )

  it.effect("event types are put, listed, shown and removed", () =>
    Effect.gen(function* () {
      yield* cli("namespaces add typed.example")
      yield* cli("host-types put gold")
      const put = yield* cli(
        'event-types put typed.example a.b --schema {"type":"string"} --example "x" --json',
      )
      expect(jsonOf(put)).toMatchObject({ type: "a.b", schema: { type: "string" }, example: "x" })
      expect((yield* cli("event-types put gold c --host-type --description d")).code).toBe(0)
      expect((yield* cli("event-types list typed.example")).out).toMatch(/a\.b +yes/)
      const wrong = yield* cli('event-types put typed.example a.b --schema {"type":"s"}')
      expect(wrong).toMatchObject({ code: 1, out: "" })
      expect(wrong.err).toContain("[field: schema.type]")
      expect((yield* cli("event-types get gold c --host-type")).out).toMatch(/description +d/)
      expect((yield* cli("event-types remove gold c --host-type")).code).toBe(0)
      expect((yield* cli("event-types get gold c --host-type")).code).toBe(1)
    }),
  )

  it.effect("a namespace is disabled, enabled and removed with its account as a table", () =>
    Effect.gen(function* () {
      yield* cli("host-types put gold")
      yield* cli("namespaces add gone.example --host-type gold")
      expect((yield* cli("host-types remove gold")).err).toContain("(HTTP 409)")
      yield* cli("namespaces disable gone.example")
      const refused = yield* cli("publish gone.example --type t")
      expect(refused).toMatchObject({ code: 1, out: "" })
      expect(refused.err).toContain("disabled")
      yield* cli("namespaces enable gone.example")
      yield* cli("publish gone.example --type t")
      const removed = yield* cli("namespaces remove gone.example --wait 30s")
      expect(removed.code).toBe(0)
      expect(removed.out).toMatch(/^gone\.example is removed\.\nstep +outcome +rows +time/)
      expect(removed.out).toMatch(/^purge-events +done +1 /m)
      expect(removed.out).toMatch(/0 completed, 0 abandoned\n$/)
      expect((yield* cli("namespaces get gone.example")).code).toBe(1)
      expect((yield* cli("host-types remove gold")).code).toBe(0)
    }),
  )

  it.effect("lists are read to their end over several pages", () =>
    Effect.gen(function* () {
      const names = Array.from({ length: 7 }, (_, n) => `page-${n}`)
      for (const name of names) yield* cli(`namespaces add ${name}`)
      const list = jsonOf(yield* cli("namespaces list --json"))
      expect(list).toMatchObject({
        namespaces: expect.arrayContaining(names.map((name) => expect.objectContaining({ name }))),
        next: null,
      })
    }),
  )

  it.effect("the actors are drawn as a tree", () =>
    Effect.gen(function* () {
      yield* cli("namespaces add tree.example")
      yield* cli("sinks put tree.example out --kind stdout")
      yield* cli("subscriptions put tree.example s --sink out")
      const { out } = yield* cli("actors")
      expect(out).toMatch(/^actor +kind +state +since +restarts +queue\nmesh +mesh /)
      expect(out).toMatch(/[├└]─ namespaces\/tree\.example +namespace/)
      expect(out).toMatch(/├─ sinks\/out +sink/)
      expect(out).toMatch(/└─ subscriptions\/s +subscription/)
      expect(jsonOf(yield* cli("actors --json"))).toMatchObject({ path: "mesh", kind: "mesh" })
    }),
  )

  it.scoped("dead letters are listed, shown, tried again and discarded", () =>
    Effect.gen(function* () {
      const mesh = yield* Mesh
      yield* cli("namespaces add dead.example")
      let answer = Outcome.reject("no such room")
      yield* mesh.handle(NamespaceName.make("dead.example"), "h", {}, () => answer)
      for (const id of ["a", "b", "c"]) yield* cli(`publish dead.example --type t --id ${id}`)
      const list = cli("dead-letters list dead.example --json")
      const found = yield* Effect.repeat(Effect.map(list, Listed), {
        until: ({ deadLetters }) => deadLetters.length === 3,
      })
      const [first, second] = found.deadLetters
      const listed = (yield* cli("dead-letters list dead.example --reason rejected")).out
      expect(listed).toMatch(/^id +subscription +sequence +attempts +dead at +why\n/)
      expect(listed).toContain("the sink rejected the event: no such room")
      const shown = yield* cli(`dead-letters show dead.example ${first?.id}`)
      expect(shown.out).toMatch(/event +\{"specversion":"1.0","id":"a"/)
      yield* cli(`dead-letters discard dead.example ${first?.id}`)
      answer = Outcome.delivered()
      const one = yield* cli(`dead-letters redeliver dead.example ${second?.id}`)
      expect(one).toMatchObject({ code: 0, out: `${second?.id} is tried again.\n` })
      const rest = yield* cli("dead-letters redeliver dead.example --subscription h")
      expect(rest.out).toBe("1 are tried again.\n")
      expect((yield* cli("dead-letters list dead.example")).out).toBe("There are none.\n")
      expect((yield* cli(`dead-letters show dead.example ${first?.id}`)).code).toBe(1)
    }),
  )

  it.effect("what the server refuses is said in a line that names the field", () =>
    Effect.gen(function* () {
      yield* cli("namespaces add errors.example")
      const target = yield* cli("sinks put errors.example x --to ftp://host")
      expect(target).toMatchObject({ code: 1, out: "" })
      expect(target.err).toMatch(/^error: .*\[field: url\] \(HTTP 422\)\n$/)
      const unknown = yield* cli("publish nowhere.example --type t")
      expect(unknown.err).toMatch(/^error: .*nowhere\.example.* \(HTTP 404\)\n$/)
      const escaped = yield* cli("namespaces get ../../health/live")
      expect(escaped.code).toBe(1)
    }),
  )

  it.effect("a wrong call ends with code 2 and sends nothing", () =>
    Effect.gen(function* () {
      const wrong = [
        "publish",
        "publish x",
        "publish x --type t --data {",
        "publish x --file - --id 1",
        "bogus",
        "namespaces list --nope",
        "namespaces remove x --wait soon",
        "sinks put x y --spec []",
        "sinks put x y --concurrency many",
        "tail x --from yesterday",
        "tail x --after now",
        "tail x --after 1 --from 2",
        "actors --url ftp://x",
        "demo --events 3",
      ]
      for (const args of wrong) {
        const ran = yield* cli(args)
        expect({ args, code: ran.code, out: ran.out }).toEqual({ args, code: 2, out: "" })
        expect(ran.err).not.toMatch(/\n\s+at |\[object|"_tag"/)
        expect(ran.err.trim()).not.toBe("")
      }
    }),
  )

  it.effect("nobody at the address is said with what to do about it", () =>
    Effect.gen(function* () {
      const ran = yield* cli("actors --url http://127.0.0.1:9")
      expect(ran).toMatchObject({ code: 1, out: "" })
      expect(ran.err).toMatch(/^error: No server answers at http:\/\/127\.0\.0\.1:9: .*--url/)
    }),
  )

  it.effect(
    "colours only on a terminal, and not with NO_COLOR; text of others steers nothing",
    () =>
      Effect.gen(function* () {
        yield* cli("namespaces add colours.example")
        yield* cli('publish colours.example --type t --id a --data "\u202eevil\u009b2J"')
        const tail = "tail colours.example --from 1 --limit 1"
        const bare = (yield* cli(tail)).out
        expect(bare).toContain("\\u202eevil\\u009b2J")
        expect(bare).not.toMatch(/[\u001b\u009b\u202e]/)
        expect((yield* cli(tail, { onTerminal: true })).out).toContain("\u001b[36m")
        const quiet = { onTerminal: true, env: { NO_COLOR: "1" } }
        expect((yield* cli(tail, quiet)).out).toBe(bare)
        expect((yield* cli("--help")).out).not.toContain("\u001b[")
      }),
  )
})

withSharedLayer("with an operator's token", testServer("s3cret"), (it) => {
  it.effect("keys are made, used, listed and revoked, and the audit log says by whom", () =>
    Effect.gen(function* () {
      const env = { EVENTLOOM_ADMIN_TOKEN: "s3cret" }
      yield* cli("namespaces add keys.example", { env })
      const make = "keys create keys.example --scope publish --scope read --name shop --expires 90d"
      const made = jsonOf(yield* cli(`${make} --json`, { env })) as { id: string; key: string }
      expect((yield* cli(make, { env })).out).toContain("not shown again")
      const own = { env: { EVENTLOOM_TOKEN: made.key } }
      expect(jsonOf(yield* cli("whoami --json", own))).toMatchObject({
        namespace: "keys.example",
        id: made.id,
        scopes: ["publish", "read"],
      })
      expect((yield* cli("publish keys.example --type t", own)).code).toBe(0)
      const lacking = yield* cli("keys list keys.example", own)
      expect(lacking.err).toMatch(/"manage".*\(HTTP 403\)\n$/)
      const list = yield* cli("keys list keys.example", { env })
      expect(list.out).toMatch(new RegExp(`${made.id} +shop +publish read +\\d{4}-\\d\\d-\\d\\d`))
      expect(list.out).not.toContain(made.key)
      expect((yield* cli(`keys revoke keys.example ${made.id}`, { env })).code).toBe(0)
      expect((yield* cli("whoami", own)).err).toContain("(HTTP 401)")
      const audit = yield* cli("audit keys.example", { env })
      expect(audit.out).toMatch(new RegExp(`operator +key.revoke +${made.id}`))
      expect((yield* cli("audit", { env })).out).toMatch(/operator +namespace\.put +keys\.example/)
      expect((yield* cli("keys create x --scope read --expires soon", { env })).code).toBe(2)
    }),
  )

  it.effect("it is asked for, taken from the environment, and never shown", () =>
    Effect.gen(function* () {
      const without = yield* cli("namespaces list")
      expect(without).toMatchObject({ code: 1, out: "" })
      expect(without.err).toContain("--token")
      const wrong = yield* cli("namespaces list --token wr0ng")
      expect(wrong.code).toBe(1)
      expect(wrong.err).not.toContain("wr0ng")
      const env = { EVENTLOOM_ADMIN_TOKEN: "s3cret" }
      expect((yield* cli("namespaces list", { env })).code).toBe(0)
      expect((yield* cli("namespaces list --token s3cret")).code).toBe(0)
    }),
  )
})
