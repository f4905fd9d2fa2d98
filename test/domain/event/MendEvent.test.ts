import { Either } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { mend, parseCloudEvent } from "../../../src/domain/event/index.js"
import * as arb from "./EventArbitraries.js"

const supplies = { id: () => "made", time: () => "2024-01-01T00:00:00Z" }
const whole = {
  specversion: "1.0",
  id: "1",
  source: "/shop",
  type: "order.paid",
  time: "2023-01-01T00:00:00Z",
}

const mended = (fields: Record<string, unknown>) => {
  const result = Either.getOrThrow(mend({ ...whole, ...fields }, supplies))
  return { event: { ...result.event }, fields: result.mended.map(({ field }) => field) }
}

describe("mend", () => {
  it("keeps all that a valid event has, and only adds time and content type", () => {
    fc.assert(
      fc.property(arb.eventRecord, (record) => {
        const { event, mended } = Either.getOrThrow(mend(record, supplies))
        expect({ ...event }).toMatchObject(record)
        const added = Object.keys(event).filter((name) => !Object.hasOwn(record, name))
        expect([...added].sort()).toEqual(mended.map(({ field }) => field).sort())
        for (const name of added) expect(["time", "datacontenttype"]).toContain(name)
      }),
    )
  })

  it("answers anything, reports every change, and mends once for all", () => {
    fc.assert(
      fc.property(fc.oneof(arb.nearMiss, fc.anything()), (value) => {
        const result = mend(value, supplies)
        if (Either.isLeft(result)) return
        const { event, mended } = result.right
        if (mended.length === 0) expect(parseCloudEvent(value)).toEqual(Either.right(event))
        const again = Either.getOrThrow(mend(event, supplies))
        expect(again.event).toEqual(event)
        expect(again.mended.filter(({ what }) => !what.includes("recommended"))).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  it("never invents type or source", () => {
    for (const field of ["type", "source"]) {
      for (const value of [undefined, null, "", 1]) {
        const result = mend({ ...whole, [field]: value }, supplies)
        expect(Either.isLeft(result) && result.left).toMatchObject({ field })
      }
    }
  })

  it("supplies version, id and time", () => {
    const result = Either.getOrThrow(mend({ source: "/shop", type: "t" }, supplies))
    expect({ ...result.event }).toEqual({
      specversion: "1.0",
      id: "made",
      source: "/shop",
      type: "t",
      time: "2024-01-01T00:00:00Z",
    })
    expect(result.mended.map(({ field }) => field)).toEqual(["specversion", "id", "time"])
  })

  it("reads names of the wrong case, the right one first", () => {
    const { type: _, source: __, ...rest } = whole
    const result = Either.getOrThrow(
      mend(
        { ...rest, Type: "t", SOURCE: "/s", dataContentType: "text/plain", PartitionKey: "k" },
        supplies,
      ),
    )
    expect(result.event).toMatchObject({
      type: "t",
      source: "/s",
      datacontenttype: "text/plain",
      partitionkey: "k",
    })
    expect(mended({ Type: "other" })).toEqual({ event: whole, fields: ["type"] })
  })

  it("reads version 0.3", () => {
    const { event } = mended({
      specversion: "0.3",
      schemaurl: "http://schema",
      datacontentencoding: "base64",
      data: "Zm9v",
    })
    expect(event).toEqual({ ...whole, dataschema: "http://schema", data_base64: "Zm9v" })
    // In 1.0 these are extensions like any other.
    expect(mended({ schemaurl: "x" }).event).toMatchObject({ schemaurl: "x" })
    expect(Either.isLeft(mend({ ...whole, specversion: "2.0" }, supplies))).toBe(true)
  })

  it("reads numbers as text where text is meant", () => {
    expect(mended({ id: 42 })).toEqual({ event: { ...whole, id: "42" }, fields: ["id"] })
    expect(mended({ offset: 12345678901 }).event).toMatchObject({ offset: "12345678901" })
    expect(Either.isLeft(mend({ ...whole, id: 1e300 }, supplies))).toBe(true)
  })

  it("leaves out empty optional attributes", () => {
    expect(mended({ subject: "", dataschema: "" })).toEqual({
      event: whole,
      fields: ["subject", "dataschema"],
    })
  })

  it("reports long names and keeps them", () => {
    const name = "x".repeat(21)
    expect(mended({ [name]: "v" })).toEqual({ event: { ...whole, [name]: "v" }, fields: [name] })
  })
})
