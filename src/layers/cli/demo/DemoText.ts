// The end of the demo: the figures of each subscription, and what had to be so.

import type { Paint } from "../screen/Paint.js"
import { count, millis, table } from "../screen/Table.js"
import type { DemoReport } from "./Story.js"

const right = (title: string) => ({ title, align: "right" as const })

export const summaryText = (report: DemoReport, paint: Paint): ReadonlyArray<string> => {
  const published = Object.values(report.published).reduce((sum, value) => sum + value, 0)
  const zero = (value: number) => (value === 0 ? paint.dim("0") : count(value))
  const rows = report.destinations.map((one) => [
    `${one.domain} / ${one.subscription}`,
    paint.dim(one.via),
    count(one.expected),
    paint.green(count(one.delivered)),
    zero(one.duplicates),
    one.lost === 0 ? paint.green("0") : paint.red(count(one.lost)),
    zero(one.refused),
    millis(one.p50Ms),
    millis(one.p99Ms),
  ])
  const sum = (of: (figures: DemoReport["destinations"][number]) => number) =>
    report.destinations.reduce((total, one) => total + of(one), 0)
  const totals = [
    "all",
    "",
    count(sum((one) => one.expected)),
    count(sum((one) => one.delivered)),
    count(sum((one) => one.duplicates)),
    count(sum((one) => one.lost)),
    count(sum((one) => one.refused)),
  ].map(paint.bold)
  const columns = [
    { title: "domain / subscription" },
    { title: "via" },
    right("published"),
    right("delivered"),
    right("duplicates"),
    right("lost"),
    right("503s"),
    right("p50"),
    right("p99"),
  ]
  return [
    ...table(columns, [...rows, totals], paint).map((line) => `  ${line}`),
    "",
    paint.dim(
      "  p50 and p99: from publish, through the commit, to receipt; with the outage where there was one",
    ),
    paint.dim(
      `  ${count(published)} events were accepted, ${count(report.refusedWhileRemoving)} refused because their domain was being removed`,
    ),
    paint.dim(
      `  parked for ${millis(report.outage.parkedMs)} with ${count(report.outage.caughtUp)} events waiting`,
    ),
    "",
    ...report.checks.map(({ what, holds }) =>
      holds ? `  ${paint.green("✓")} ${what}` : `  ${paint.red("✗")} ${paint.red(what)}`,
    ),
    "",
    report.ok
      ? `  ${paint.green("The numbers add up")}, in ${millis(report.durationMs)}.`
      : `  ${paint.red("The numbers do not add up.")}`,
  ]
}
