// The account of a removal as a table: what became of each step.

import { millis, count, table } from "../screen/Table.js"
import { type Paint, plain } from "../screen/Paint.js"

export interface RemovalAccount {
  readonly namespace: string
  readonly steps: ReadonlyArray<{
    readonly step: string
    readonly outcome: string
    readonly rows: number
    readonly durationMs: number
    readonly retried?: number | undefined
    readonly reason?: string | undefined
  }>
  readonly inFlight: { readonly completed: number; readonly abandoned: number }
}

export const removalText = (
  { steps, inFlight }: RemovalAccount,
  paint: Paint,
): ReadonlyArray<string> => [
  ...table(
    [
      { title: "step" },
      { title: "outcome" },
      { title: "rows", align: "right" },
      { title: "time", align: "right" },
      { title: "retried", align: "right" },
      { title: "" },
    ],
    steps.map(({ step, outcome, rows, durationMs, retried = 0, reason = "" }) => [
      plain(step),
      outcome === "done" ? paint.green(outcome) : paint.red(plain(outcome)),
      rows === 0 ? paint.dim("0") : count(rows),
      millis(durationMs),
      retried === 0 ? paint.dim("0") : paint.yellow(count(retried)),
      plain(reason),
    ]),
    paint,
  ),
  `${paint.dim("deliveries in flight")}  ${count(inFlight.completed)} completed, ${count(inFlight.abandoned)} abandoned`,
]
