import { embedded } from "./sqlHarnesses.js"
import { storeLaws } from "./storeLaws.js"

await storeLaws("embedded", embedded)
