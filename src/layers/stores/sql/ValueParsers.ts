// How values of the server become values here, on every connection of a store.

import { TypeOverrides } from "pg"

const INT8 = 20

/** 64-bit integers become numbers: all we store are below 2^53 by their schemas. */
export const valueParsers = new TypeOverrides()
valueParsers.setTypeParser(INT8, Number)
