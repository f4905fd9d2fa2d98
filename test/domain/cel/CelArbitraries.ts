// CEL expressions, as text.

import * as fc from "fast-check"

const atom = fc.constantFrom(
  ..."1 2 3 0 -4 2.5 0.5 'a' 'ab' '' true false null [1,2,3] ['a'] [] {} {'a':1}".split(" "),
  ..."event.data.n event.data.f event.data.s event.data.list event.data.o event.data.t".split(" "),
  ..."event.id event.missing event.data.o.x event.data.list[1] event.data.list[9]".split(" "),
)

export const celText: fc.Arbitrary<string> = fc.letrec<{ text: string }>((tie) => {
  const part = tie("text")
  const operator = fc.constantFrom(..."+ - * / % == != < <= > >= && || in".split(" "))
  return {
    text: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      atom,
      fc.tuple(part, operator, part).map(([left, op, right]) => `(${left} ${op} ${right})`),
      part.map((operand) => `!(${operand})`),
      part.map((operand) => `-(${operand})`),
      fc.tuple(part, part, part).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
      fc
        .tuple(part, fc.constantFrom("size", "int", "double", "string", "bool", "dyn"))
        .map(([given, name]) => `${name}(${given})`),
      fc
        .tuple(part, part, fc.constantFrom("startsWith", "endsWith", "contains", "indexOf"))
        .map(([text, sought, name]) => `(${text}).${name}(${sought})`),
      fc
        .tuple(part, part, fc.constantFrom("all", "exists", "exists_one", "map", "filter"))
        .map(([range, body, name]) => `(${range}).${name}(x, ${body})`),
      fc.constant("has(event.data.n)"),
      fc.tuple(part, part).map(([a, b]) => `[${a}, ${b}]`),
      fc.tuple(part, part).map(([a, b]) => `{'k': ${a}, 'l': ${b}}`),
    ),
  }
}).text

/** Text made of what expressions are made of, well put together or not. */
export const celSoup: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ..."( ) [ ] { } , . ? : + - * / % == != < <= > >= && || ! in ' \" \\ // has(".split(" "),
        ..."event event.data .map( .all( .exists( .matches( cel.bind( x 1 2.5 1u 0x1 b'a' null".split(
          " ",
        ),
        ...'true false \'a\' size( timestamp( duration( __proto__ constructor prototype """'.split(
          " ",
        ),
      ),
      fc.fullUnicode(),
    ),
    { maxLength: 25 },
  )
  .map((parts) => parts.join(" "))
