// The subcommands that every kind of configured thing has: list, get, remove, and what comes after put.

import { Args, Command } from "@effect/cli"
import { Effect } from "effect"
import type { Paint } from "../screen/Paint.js"
import { type Column, pairs, table } from "../screen/Table.js"
import { type ApiClientShape, type ApiRequest, listAll } from "./ApiClient.js"
import { type ClientFlags, clientOptions, show, withClient } from "./ClientCommand.js"
import { fieldsOf, type Item, itemsOf } from "./Fields.js"

/** A column and how to fill it. */
export interface FieldColumn extends Column {
  readonly cell: (item: Item, paint: Paint) => string
}

/** Shows a list that was read to its end. */
export const showList = (
  flags: ClientFlags,
  answer: Item,
  plural: string,
  columns: ReadonlyArray<FieldColumn>,
) =>
  show(flags, answer, (paint) => {
    const items = itemsOf(answer[plural])
    return Effect.succeed(
      items.length === 0
        ? [paint.dim("There are none.")]
        : table(
            columns,
            items.map((item) => columns.map(({ cell }) => cell(item, paint))),
            paint,
          ),
    )
  })

/** Shows one thing, a field a line. */
export const showOne = (flags: ClientFlags, answer: unknown) =>
  show(flags, answer, (paint) => Effect.succeed(pairs(fieldsOf(answer), paint)))

/** Makes a request and shows the thing that it answers. */
export const showRequest = (
  flags: ClientFlags,
  api: ApiClientShape,
  method: "GET" | "PUT" | "POST" | "PATCH",
  path: ReadonlyArray<string>,
  request: ApiRequest = {},
) => Effect.flatMap(api.request(method, path, request), (answer) => showOne(flags, answer))

export interface TopLevelResource {
  /** As in the path, such as "host-types". */
  readonly segment: string
  /** As in the answer, such as "hostTypes". */
  readonly plural: string
  /** For a reader, such as "host type". */
  readonly noun: string
  readonly columns: ReadonlyArray<FieldColumn>
}

const nameArg = Args.text({ name: "name" })

/** `get <name>` of a thing at the top level. */
export const getCommand = ({ segment, noun }: TopLevelResource) =>
  Command.make("get", { name: nameArg, ...clientOptions }, (flags) =>
    withClient(flags, (api) => showRequest(flags, api, "GET", ["v1", segment, flags.name])),
  ).pipe(Command.withDescription(`Show a ${noun}`))

/** `list` of things at the top level. */
export const listCommand = ({ segment, plural, noun, columns }: TopLevelResource) =>
  Command.make("list", clientOptions, (flags) =>
    withClient(flags, (api) =>
      Effect.flatMap(listAll(api, ["v1", segment], plural), (answer) =>
        showList(flags, answer, plural, columns),
      ),
    ),
  ).pipe(Command.withDescription(`List all ${noun}s`))

/** Of a namespace: `segment` is also the plural. */
export interface NamespacedResource {
  readonly segment: "sinks" | "subscriptions"
  readonly noun: string
  readonly columns: ReadonlyArray<FieldColumn>
}

export const namespaceArg = Args.text({ name: "namespace" })

/** The path of a thing in a namespace. */
export const pathIn = (namespace: string, segment: string, ...rest: ReadonlyArray<string>) => [
  "v1",
  "namespaces",
  namespace,
  segment,
  ...rest,
]

/** `list <namespace>`. */
export const listInCommand = ({ segment, noun, columns }: NamespacedResource) =>
  Command.make("list", { namespace: namespaceArg, ...clientOptions }, (flags) =>
    withClient(flags, (api) =>
      Effect.flatMap(listAll(api, pathIn(flags.namespace, segment), segment), (answer) =>
        showList(flags, answer, segment, columns),
      ),
    ),
  ).pipe(Command.withDescription(`List the ${noun}s of a namespace`))

/** `get <namespace> <name>`. */
export const getInCommand = ({ segment, noun }: NamespacedResource) =>
  Command.make("get", { namespace: namespaceArg, name: nameArg, ...clientOptions }, (flags) =>
    withClient(flags, (api) =>
      showRequest(flags, api, "GET", pathIn(flags.namespace, segment, flags.name)),
    ),
  ).pipe(Command.withDescription(`Show a ${noun}`))

/** Deletes, and says so. */
export const deleteAndTell = (
  flags: ClientFlags,
  api: ApiClientShape,
  path: ReadonlyArray<string>,
  what: string,
) =>
  Effect.flatMap(api.request("DELETE", path), () =>
    show(flags, { removed: path.at(-1) }, () => Effect.succeed([`Removed the ${what}.`])),
  )

/** `remove <namespace> <name>`. */
export const removeInCommand = ({ segment, noun }: NamespacedResource) =>
  Command.make("remove", { namespace: namespaceArg, name: nameArg, ...clientOptions }, (flags) =>
    withClient(flags, (api) =>
      deleteAndTell(
        flags,
        api,
        pathIn(flags.namespace, segment, flags.name),
        `${noun} ${flags.name}`,
      ),
    ),
  ).pipe(Command.withDescription(`Remove a ${noun}`))
