// Changes as they come from the newest server that there is, and from that of the usual tests, which is
// older where both can be run.

import { Effect } from "effect"
import { describe, it } from "vitest"
import { installedBin } from "../../../support/PostgresCluster.js"
import { changesLaws } from "./changesLaws.js"
import { sharedServer } from "./WalRig.js"

changesLaws("newest server", sharedServer())

const bin = await Effect.runPromise(installedBin)
if (bin === undefined)
  describe.skip("changes of rows, installed server: there is none", () => it("is skipped"))
else changesLaws("installed server", sharedServer({ bin }))
