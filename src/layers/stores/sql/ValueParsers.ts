// How values of the server become values here, on every connection of a store.

import { types } from "pg"

const INT8 = 20

/** 64-bit integers become numbers: all we store are below 2^53 by their schemas. */
export const valueParsers: { readonly getTypeParser: typeof types.getTypeParser } = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === INT8 && format !== "binary"
      ? Number
      : types.getTypeParser(oid, format ?? "text")) as typeof types.getTypeParser,
}
