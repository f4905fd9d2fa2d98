// The documentation holds together: links lead somewhere, and programs shown are code that runs.

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { root } from "./support/RunScript.js"

const pages = [
  ...readdirSync(root),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((file) =>
    join("docs", file),
  ),
].filter((file) => file.endsWith(".md"))

const read = (path: string): string => readFileSync(join(root, path), "utf8")

const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```$/gm, "")

/** The anchors that GitHub makes of headings. */
const anchorsOf = (text: string): ReadonlyArray<string> =>
  [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  )

const squeeze = (text: string): string => text.replaceAll(/\s+/g, " ").trim()

describe("documentation", () => {
  it("is there", () => {
    expect(pages).toEqual(expect.arrayContaining(["README.md", "CHANGELOG.md"]))
    expect(pages.length).toBeGreaterThan(5)
  })

  it.each(pages)("%s has links that lead somewhere", (page) => {
    for (const [, link = ""] of withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue
      const [path = "", anchor] = link.split("#", 2)
      const target = path === "" ? page : join(dirname(page), path)
      expect(existsSync(join(root, target)), `${link} in ${page}`).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(read(target)), link).toContain(anchor)
    }
  })

  it.each(pages)("%s shows programs that are part of an example", (page) => {
    const examples = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(?:ts|py|go)$/.test(file))
      .map((file) => squeeze(read(join("examples", file))))
    for (const [, code = ""] of read(page).matchAll(/^```(?:ts|python|go)\n([\s\S]*?)^```$/gm)) {
      expect(
        examples.some((example) => example.includes(squeeze(code))),
        code,
      ).toBe(true)
    }
  })

  it("lists every decision", () => {
    const index = read("docs/decisions/README.md")
    for (const file of readdirSync(join(root, "docs/decisions"))) {
      if (file !== "README.md") expect(index).toContain(`](${file})`)
    }
  })
})
