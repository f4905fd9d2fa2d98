// Changes as they come from the newest server that there is, and from that of the usual tests, which is
// older where both can be run.

import { Effect } from "effect"
import { reportMissing } from "../../../support/Missing.js"
import { installedBin } from "../../../support/PostgresCluster.js"
import { changesLaws } from "./changesLaws.js"
import { sharedServer } from "./WalRig.js"

changesLaws("newest server", sharedServer())

const bin = await Effect.runPromise(installedBin)
if (bin === undefined) reportMissing("changes of rows, installed server: Postgres is not installed")
else changesLaws("installed server", sharedServer({ bin }))
