// Loader hooks: write the address of every module that is loaded to the file LOAD_TRACE.

import { appendFileSync } from "node:fs"

export const load = (url, context, next) => {
  appendFileSync(process.env.LOAD_TRACE, `${url}\n`)
  return next(url, context)
}
