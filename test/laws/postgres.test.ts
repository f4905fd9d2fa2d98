import { postgres } from "./sqlHarnesses.js"
import { storeLaws } from "./storeLaws.js"

await storeLaws("postgres", postgres)
