// Laws of every journal.

import { journalAppendLaws } from "./journalAppendLaws.js"
import { journalReadLaws } from "./journalReadLaws.js"
import { journalRetentionLaws } from "./journalRetentionLaws.js"
import { lawSuite, type StoreHarness } from "./StoreHarness.js"

export const journalLaws = (name: string, harness: StoreHarness): void =>
  lawSuite(`${name}: journal`, harness, (it, runs) => {
    journalAppendLaws(it, runs)
    journalReadLaws(it, runs)
    journalRetentionLaws(it, runs)
  })
