import { register } from "node:module"

register("./loadTrace.mjs", import.meta.url)
