// Which paths there are and what may be done at each: tells 405 from 404, and a name in the path
// from a query parameter.

import { HttpApi, type HttpApiGroup } from "@effect/platform"

export interface RoutePath {
  /** Ascending, with HEAD where there is GET. */
  readonly methods: ReadonlyArray<string>
  readonly parameters: ReadonlyArray<string>
}

export type RouteTable = (path: string) => RoutePath | undefined

/** The paths of an API, and others that are served beside it with GET. */
export const routeTable = <Id extends string, Groups extends HttpApiGroup.HttpApiGroup.Any, E, R>(
  api: HttpApi.HttpApi<Id, Groups, E, R>,
  others: ReadonlyArray<string>,
): RouteTable => {
  const methodsOf = new Map<string, Set<string>>()
  const add = (path: string, method: string) => {
    const methods = methodsOf.get(path) ?? new Set(["OPTIONS"])
    methodsOf.set(path, methods.add(method))
    if (method === "GET") methods.add("HEAD")
  }
  HttpApi.reflect(api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => add(endpoint.path, endpoint.method),
  })
  for (const path of others) add(path, "GET")
  const routes = [...methodsOf].map(([template, methods]) => ({
    segments: template.split("/"),
    route: {
      methods: [...methods].sort(),
      parameters: [...template.matchAll(/:(\w+)/g)].map(([, name]) => name ?? ""),
    },
  }))
  return (path) => {
    const segments = path.split("/")
    return routes.find(({ segments: wanted }) => matches(wanted, segments))?.route
  }
}

const matches = (wanted: ReadonlyArray<string>, segments: ReadonlyArray<string>): boolean =>
  wanted.length === segments.length &&
  wanted.every((segment, index) => segment.startsWith(":") || segment === segments[index])

/** The path of a request target, without its query. */
export const pathOf = (target: string): string => {
  const query = target.indexOf("?")
  return query < 0 ? target : target.slice(0, query)
}
