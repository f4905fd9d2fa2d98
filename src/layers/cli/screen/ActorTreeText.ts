// The supervision tree as lines: who lives where, in which state, since when, and what waits for it.

import { type Paint, plain } from "./Paint.js"
import { count, millis, table } from "./Table.js"

export interface ActorNode {
  readonly path: string
  readonly kind: string
  readonly state: string
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly restarts: number
  readonly queueDepth: number
  readonly children: ReadonlyArray<ActorNode>
}

const calm: ReadonlySet<string> = new Set([
  "running",
  "live",
  "connected",
  "enabled",
  "awake",
  "serving",
  "active",
  "idle",
])
const alarming: ReadonlySet<string> = new Set(["crashed", "misconfigured", "restarting"])

const stateText = (state: string, paint: Paint): string => {
  const text = plain(state)
  if (alarming.has(state)) return paint.red(text)
  return calm.has(state) ? paint.green(text) : paint.yellow(text)
}

const lastSegment = (path: string, parent: string | undefined): string =>
  parent !== undefined && path.startsWith(`${parent}/`) ? path.slice(parent.length + 1) : path

/** One line per actor, children under their parent in the order of their paths. */
export const actorTreeText = (
  root: ActorNode,
  now: number,
  paint: Paint,
): ReadonlyArray<string> => {
  const rows: Array<ReadonlyArray<string>> = []
  const walk = (node: ActorNode, parent: string | undefined, lead: string, joint: string): void => {
    const name = plain(lastSegment(node.path, parent))
    rows.push([
      `${paint.dim(lead + joint)}${parent === undefined ? paint.bold(name) : name}`,
      paint.dim(plain(node.kind)),
      stateText(node.state, paint),
      millis(Math.max(0, now - node.since)),
      node.restarts === 0 ? paint.dim("0") : paint.yellow(count(node.restarts)),
      node.queueDepth === 0 ? paint.dim("0") : count(node.queueDepth),
    ])
    const deeper = joint === "" ? lead : `${lead}${joint === "└─ " ? "   " : "│  "}`
    const children = [...node.children].sort((a, b) => (a.path < b.path ? -1 : 1))
    for (const [at, child] of children.entries()) {
      walk(child, node.path, deeper, at === children.length - 1 ? "└─ " : "├─ ")
    }
  }
  walk(root, undefined, "", "")
  const columns = [
    { title: "actor" },
    { title: "kind" },
    { title: "state" },
    { title: "since", align: "right" as const },
    { title: "restarts", align: "right" as const },
    { title: "queue", align: "right" as const },
  ]
  return table(columns, rows, paint)
}
