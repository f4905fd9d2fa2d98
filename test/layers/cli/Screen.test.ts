import * as fc from "fast-check"
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { paintFor, plain, unpainted, widthOf } from "../../../src/layers/cli/screen/Paint.js"
import { progressBar } from "../../../src/layers/cli/screen/ProgressBar.js"
import { Screen, type Surface } from "../../../src/layers/cli/screen/Screen.js"
import { table } from "../../../src/layers/cli/screen/Table.js"

const colours = paintFor({ isTerminal: true }, undefined)

describe("text for terminals", () => {
  it("plain text holds nothing that steers a terminal, and ordinary text is left as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(plain(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
        expect(plain(plain(text))).toBe(plain(text))
      }),
    )
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~äöü€ñ]*$/), (text) => {
        expect(plain(text)).toBe(text)
      }),
    )
  })

  it("colours take no width and can be taken off again", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~ñ€]+$/), (text) => {
        expect(unpainted(colours.red(colours.bold(text)))).toBe(text)
        expect(widthOf(colours.red(text))).toBe(text.length)
      }),
    )
  })

  it("every column of a table starts at the same place in every line", () => {
    const cell = fc.stringMatching(/^[a-zñ]{1,12}$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const painted = rows.map(([a, b]) => [colours.green(a), b])
        const lines = table([{ title: "one" }, { title: "two" }], painted, colours)
        const starts = new Set(lines.map((line) => /^\S+ +/.exec(unpainted(line))?.[0].length))
        expect(starts.size).toBe(1)
      }),
    )
  })
})

describe("the progress bar", () => {
  const onScreen = (isTerminal: boolean) => {
    const written: Array<string> = []
    const surface: Surface = {
      isTerminal,
      columns: 80,
      paint: paintFor({ isTerminal: false }, undefined),
      write: (text) => Effect.sync(() => void written.push(text)),
    }
    const halfWay = Effect.gen(function* () {
      const bar = yield* progressBar({ label: "Going", unit: "steps" })
      yield* bar.update({ done: 1, fraction: 0.01 })
      yield* TestClock.adjust("1 second")
      yield* bar.update({ done: 50, fraction: 0.5 })
      yield* bar.say("a line")
    }).pipe(Effect.scoped, Effect.provideService(Screen, { out: surface, err: surface }))
    return Effect.as(halfWay, written)
  }

  it.effect("shows itself after a moment, lets lines pass above, and is gone at the end", () =>
    Effect.gen(function* () {
      const [drawn = "", said, gone, ...more] = yield* onScreen(true)
      expect(drawn).toMatch(/^\r\u001b\[2KGoing {2}█+░+ {2}50% {2}50 steps {2}50\/s$/)
      expect(said).toBe(`\r\u001b[2Ka line\n${drawn.slice("\r\u001b[2K".length)}`)
      expect(gone).toBe("\r\u001b[2K")
      expect(more).toEqual([])
    }),
  )

  it.effect("draws nothing where there is no terminal", () =>
    Effect.gen(function* () {
      expect(yield* onScreen(false)).toEqual(["a line\n"])
    }),
  )
})
