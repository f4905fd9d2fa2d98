// Values of every built-in type that a column can have: what psql shows of them under the settings of a
// source's connection, and what they become in events.

import { it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "pg"
import { describe, expect } from "vitest"
import { sharedServer, sourceName, streamingRig } from "./WalRig.js"

const server = sharedServer()

/** Type, literal, what psql shows, what the event holds (the same text, where nothing else is said). */
type Golden = readonly [type: string, literal: string, shown: string, value?: unknown]

const golden: ReadonlyArray<Golden> = [
  ["bool", "true", "t", true],
  ["bool", "no", "f", false],
  ["int2", "-32768", "-32768", -32768],
  ["int4", "2147483647", "2147483647", 2147483647],
  ["int8", "9007199254740991", "9007199254740991", 9007199254740991],
  ["int8", "9223372036854775807", "9223372036854775807"],
  ["oid", "4294967295", "4294967295", 4294967295],
  ["xid", "4294967295", "4294967295", 4294967295],
  ["xid8", "18446744073709551615", "18446744073709551615"],
  ["cid", "7", "7", 7],
  ["float4", "1.1", "1.1", 1.1],
  ["float8", "0.1", "0.1", 0.1],
  ["float8", "1e300", "1e+300", 1e300],
  ["float8", "NaN", "NaN"],
  ["float8", "-Infinity", "-Infinity"],
  ["numeric", "123456789012345678901234567890.5", "123456789012345678901234567890.5"],
  ["numeric", "NaN", "NaN"],
  ["money", "12.34", "$12.34"],
  ["text", 'é "q" \\ {}', 'é "q" \\ {}'],
  ["varchar", "", ""],
  ["char(3)", "a", "a  "],
  ['"char"', "x", "x"],
  ["name", "n", "n"],
  ["bytea", "\\x00ff10", "\\x00ff10", "AP8Q"],
  ["bytea", "", "\\x", ""],
  ["json", '{"a":  [1, null]}', '{"a":  [1, null]}', { a: [1, null] }],
  [
    "jsonb",
    '{"b": {"__proto__": 1}}',
    '{"b": {"__proto__": 1}}',
    JSON.parse('{"b":{"__proto__":1}}'),
  ],
  ["jsonb", "null", "null", null],
  ["jsonpath", "$.a", '$."a"'],
  ["xml", "<a/>", "<a/>"],
  ["date", "2026-01-02", "2026-01-02"],
  ["date", "infinity", "infinity"],
  ["date", "0044-03-15 BC", "0044-03-15 BC"],
  ["time", "03:04:05.6", "03:04:05.6"],
  ["timetz", "03:04:05+02", "03:04:05+02", "03:04:05+02:00"],
  ["timetz", "03:04:05+00", "03:04:05+00", "03:04:05Z"],
  ["timestamp", "2026-01-02 03:04:05.678", "2026-01-02 03:04:05.678", "2026-01-02T03:04:05.678"],
  ["timestamptz", "2026-01-02 03:04:05+02", "2026-01-02 01:04:05+00", "2026-01-02T01:04:05Z"],
  ["timestamptz", "infinity", "infinity"],
  ["timestamptz", "12026-01-02 00:00+00", "12026-01-02 00:00:00+00"],
  ["interval", "1 year 2 mons 3 days 04:05:06.7", "P1Y2M3DT4H5M6.7S"],
  ["interval", "-1 day 02:00", "P-1DT2H"],
  ["uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  ["inet", "192.168.0.1/24", "192.168.0.1/24"],
  ["cidr", "10.0.0.0/8", "10.0.0.0/8"],
  ["macaddr", "08:00:2b:01:02:03", "08:00:2b:01:02:03"],
  ["macaddr8", "08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03:04:05"],
  ["bit(3)", "101", "101"],
  ["varbit", "10", "10"],
  ["point", "(1,2)", "(1,2)"],
  ["lseg", "[(0,0),(1,1)]", "[(0,0),(1,1)]"],
  ["path", "((0,0),(1,1))", "((0,0),(1,1))"],
  ["box", "(1,1),(0,0)", "(1,1),(0,0)"],
  ["polygon", "((0,0),(1,1))", "((0,0),(1,1))"],
  ["line", "{1,2,3}", "{1,2,3}"],
  ["circle", "<(0,0),1>", "<(0,0),1>"],
  ["pg_lsn", "16/B374D848", "16/B374D848"],
  ["tid", "(0,1)", "(0,1)"],
  ["tsvector", "a b", "'a' 'b'"],
  ["tsquery", "a & b", "'a' & 'b'"],
  ["regclass", "pg_class", "pg_class"],
  ["regproc", "now", "now"],
  ["regprocedure", "now()", "now()"],
  ["regoper", "||/", "||/"],
  ["regoperator", "+(integer,integer)", "+(integer,integer)"],
  ["regtype", "int4", "integer"],
  ["regnamespace", "public", "public"],
  ["regrole", "postgres", "postgres"],
  ["regconfig", "english", "english"],
  ["regdictionary", "simple", "simple"],
  ["regcollation", '"C"', '"C"'],
  ["aclitem", "postgres=r/postgres", "postgres=r/postgres"],
  ["refcursor", "c", "c"],
  ["txid_snapshot", "10:20:10,14", "10:20:10,14"],
  ["pg_snapshot", "10:20:10,14", "10:20:10,14"],
  ["int2vector", "1 2", "1 2"],
  ["oidvector", "1 2", "1 2"],
  ["int4[]", "{1,NULL,{}}".replace(",{}", ""), "{1,NULL}", [1, null]],
  [
    "int4[]",
    "[0:1][1:2]={{1,2},{3,4}}",
    "[0:1][1:2]={{1,2},{3,4}}",
    [
      [1, 2],
      [3, 4],
    ],
  ],
  [
    "text[]",
    '{a,"b,\\"c\\\\",NULL,"null",""}',
    '{a,"b,\\"c\\\\",NULL,"null",""}',
    ["a", 'b,"c\\', null, "null", ""],
  ],
  ["jsonb[]", '{"{\\"a\\": 1}"}', '{"{\\"a\\": 1}"}', [{ a: 1 }]],
  ["bytea[]", '{"\\\\x00"}', '{"\\\\x00"}', ["AA=="]],
  [
    "timestamptz[]",
    "{2026-01-02 03:04:05+00}",
    '{"2026-01-02 03:04:05+00"}',
    ["2026-01-02T03:04:05Z"],
  ],
  [
    "box[]",
    "{(1,1),(0,0);(2,2),(1,1)}",
    "{(1,1),(0,0);(2,2),(1,1)}",
    ["(1,1),(0,0)", "(2,2),(1,1)"],
  ],
  [
    "int4range",
    "(1,10]",
    "[2,11)",
    { lower: 2, upper: 11, lowerInclusive: true, upperInclusive: false },
  ],
  ["int4range", "empty", "empty", { empty: true }],
  [
    "int8range",
    "(,5]",
    "(,6)",
    { lower: null, upper: 6, lowerInclusive: false, upperInclusive: false },
  ],
  [
    "numrange",
    "[1.5,2.5]",
    "[1.5,2.5]",
    { lower: "1.5", upper: "2.5", lowerInclusive: true, upperInclusive: true },
  ],
  [
    "tsrange",
    "[2026-01-02 03:04:05,infinity]",
    '["2026-01-02 03:04:05",infinity]',
    { lower: "2026-01-02T03:04:05", upper: "infinity", lowerInclusive: true, upperInclusive: true },
  ],
  [
    "tstzrange",
    "[2026-01-02 03:04:05+00,)",
    '["2026-01-02 03:04:05+00",)',
    { lower: "2026-01-02T03:04:05Z", upper: null, lowerInclusive: true, upperInclusive: false },
  ],
  [
    "daterange",
    "[2026-01-02,2026-01-03]",
    "[2026-01-02,2026-01-04)",
    { lower: "2026-01-02", upper: "2026-01-04", lowerInclusive: true, upperInclusive: false },
  ],
  ["int4multirange", "{}", "{}", []],
  [
    "int4multirange",
    "{[1,2),[5,6)}",
    "{[1,2),[5,6)}",
    [
      { lower: 1, upper: 2, lowerInclusive: true, upperInclusive: false },
      { lower: 5, upper: 6, lowerInclusive: true, upperInclusive: false },
    ],
  ],
  ["int8multirange", "{}", "{}", []],
  ["nummultirange", "{}", "{}", []],
  ["tsmultirange", "{}", "{}", []],
  ["tstzmultirange", "{}", "{}", []],
  ["datemultirange", "{}", "{}", []],
  // Types of the user's own.
  ["mood", "sad", "sad"],
  ["mood[]", "{sad,happy}", "{sad,happy}", ["sad", "happy"]],
  ["positive", "5", "5", 5],
  [
    "item",
    '("a ""b"", (c)",5,,"{1,2}",sad)',
    '("a ""b"", (c)",5,,"{1,2}",sad)',
    { "na me": 'a "b", (c)', n: 5, at: null, list: [1, 2], mood: "sad" },
  ],
  [
    "item[]",
    '{"(x,1,\\"2026-01-02 03:04:05+00\\",{},happy)"}',
    '{"(x,1,\\"2026-01-02 03:04:05+00\\",{},happy)"}',
    [{ "na me": "x", n: 1, at: "2026-01-02T03:04:05Z", list: [], mood: "happy" }],
  ],
  [
    "floatrange",
    "[1.5,2)",
    "[1.5,2)",
    { lower: 1.5, upper: 2, lowerInclusive: true, upperInclusive: false },
  ],
  ["json_like", "1", "1"],
  ["hstore", "", "", {}],
  [
    "hstore",
    'a=>1, "k \\"=>" => "v, \\\\", n=>NULL, t=>"NULL", __proto__=>p',
    '"a"=>"1", "n"=>NULL, "t"=>"NULL", "k \\"=>"=>"v, \\\\", "__proto__"=>"p"',
    JSON.parse('{"a":"1","n":null,"t":"NULL","k \\"=>":"v, \\\\","__proto__":"p"}'),
  ],
  ["hstore[]", '{"a=>1"}', '{"\\"a\\"=>\\"1\\""}', [{ a: "1" }]],
]

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

/** Types that no column is written with: those of statistics, indexes and the system's own trees. */
const internal =
  /^(?:pg_(?:node_tree|ndistinct|dependencies|mcv_list|brin_.*|ddl_command)|gtsvector)$/

describe("values", () => {
  it.scopedLive("of every type are what psql shows, as JSON", () =>
    Effect.gen(function* () {
      const columns = golden.map(([type], index) => `c${index} ${type}`)
      const rig = yield* streamingRig(server(), [
        "create extension hstore",
        "create type mood as enum ('sad', 'happy')",
        "create domain positive as int check (value > 0)",
        `create type item as ("na me" text, n positive, at timestamptz, list int[], mood mood)`,
        "create type floatrange as range (subtype = float8)",
        // Not the built-in one, whatever it is called.
        "create type json_like as enum ('1')",
        `create table v (id int primary key, ${columns.join(", ")})`,
      ])
      yield* rig.sql.run(
        `insert into v values (1, ${golden.map(([, literal]) => quoted(literal)).join(", ")})`,
      )
      const [event] = yield* rig.events(1)
      const after = new Map(Object.entries(Object(Object(event?.data).after)))
      expect(golden.map(([type], index) => [type, after.get(`c${index}`)])).toEqual(
        golden.map(([type, , shown, value = shown]) => [type, value === undefined ? shown : value]),
      )

      // The same of a row that is read from its table.
      yield* rig.mesh.sources.snapshot(sourceName, "public.v")
      const [, read] = yield* rig.events(2)
      expect(read?.type).toBe("postgres.public.v.read")
      expect(Object(read?.data).after).toEqual(Object(event?.data).after)

      const client = yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const client = new Client({
            connectionString: rig.url,
            types: { getTypeParser: () => (text: string) => text },
          })
          await client.connect()
          return client
        }),
        (client) => Effect.promise(() => client.end()),
      )
      const shown = yield* Effect.promise(async () => {
        await client.query(
          "set datestyle = 'ISO'; set intervalstyle = 'iso_8601'; set timezone = 'UTC'",
        )
        return client.query({ text: "select * from v", rowMode: "array" })
      })
      expect(shown.rows[0]?.slice(1)).toEqual(golden.map(([, , text]) => text))

      const types = yield* rig.sql.run(
        `select typname as name from pg_type where typnamespace = 'pg_catalog'::regnamespace
         and typtype in ('b', 'r', 'm') and typcategory <> 'A' order by 1`,
      )
      const covered = new Set(
        golden.map(([type]) => type.replace(/\(.*|\[\]|"/g, "").replace(/^char$/, "bpchar")),
      )
      covered.add("char")
      const missing = types
        .map(({ name }) => String(name))
        .filter((name) => !covered.has(name) && !internal.test(name))
      expect(missing).toEqual([])
    }),
  )

  it.scopedLive("are the nearest numbers where that is asked for", () =>
    Effect.gen(function* () {
      const types = ["int8", "numeric", "numeric", "xid8", "int8[]", "numrange", "float8", "money"]
      const columns = types.map((type, index) => `c${index} ${type}`)
      const rig = yield* streamingRig(
        server(),
        [`create table v (id int primary key, ${columns.join(", ")})`],
        { numbers: "nearest" },
      )
      yield* rig.sql.run(
        `insert into v values (1, 9223372036854775807, 1.10, 'NaN', '18446744073709551615',
           '{9223372036854775807}', '[0.1,2]', 'NaN', 3)`,
      )
      const [event] = yield* rig.events(1)
      expect(Object(Object(event?.data).after)).toEqual({
        id: 1,
        c0: 2 ** 63,
        c1: 1.1,
        c2: "NaN",
        c3: 2 ** 64,
        c4: [2 ** 63],
        c5: { lower: 0.1, upper: 2, lowerInclusive: true, upperInclusive: true },
        c6: "NaN",
        c7: "$3.00",
      })
    }),
  )
})
