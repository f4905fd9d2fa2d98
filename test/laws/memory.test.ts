import { memory } from "./memoryHarness.js"
import { storeLaws } from "./storeLaws.js"

await storeLaws("memory", memory)
