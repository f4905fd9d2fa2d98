// What all actors of one mesh share: its configuration, its ports, its clock and chance, and the
// writers.

import { Effect, Random, type Scope, Utils } from "effect"
import { Alerts } from "../alert/Alerts.js"
import { AuditTrail } from "../access/AuditTrail.js"
import { KeyRing } from "../access/KeyRing.js"
import { Catalogues } from "../catalogue/Catalogues.js"
import { elapsedMillis } from "../kernel/index.js"
import { GroupCommit } from "../journal/GroupCommit.js"
import { Losses } from "../journal/Losses.js"
import {
  AuditLog,
  DeliveryLog,
  EventTypes,
  Handlers,
  Invalidation,
  Journal,
  Keys,
  type ProgressChange,
  Registry,
  Removals,
  SchemaValidator,
  SigningKeys,
  type ReplayChange,
  Replays,
  type StorePorts,
  Transports,
  Vault,
} from "../ports/index.js"
import { type SigningKeyring, makeSigningKeyring } from "../signing/SigningKeyring.js"
import { ReplayId } from "../../domain/index.js"
import { ProgressLog } from "../subscription/ProgressLog.js"
import { type DeliveryCounts, noDeliveries } from "../subscription/FeedWorld.js"
import { noRefusals, type PublishRefusals } from "../namespace/PublishQuota.js"
import { MeshConfig, type MeshConfigShape } from "./MeshConfig.js"

export interface MeshWorld {
  readonly config: MeshConfigShape
  readonly journal: Journal["Type"]
  readonly registry: Registry["Type"]
  readonly deliveryLog: DeliveryLog["Type"]
  readonly removals: Removals["Type"]
  readonly keys: Keys["Type"]
  /** Who bears which key. */
  readonly keyRing: KeyRing
  /** Who changes what. */
  readonly audit: AuditTrail
  readonly replays: Replays["Type"]
  readonly invalidation: Invalidation["Type"]
  readonly vault: Vault["Type"]
  readonly transports: Transports["Type"]
  readonly handlers: Handlers["Type"]
  readonly signingKeys: SigningKeys["Type"]
  readonly signing: SigningKeyring
  readonly eventTypes: EventTypes["Type"]
  readonly validator: SchemaValidator["Type"]
  readonly catalogues: Catalogues
  readonly commits: GroupCommit
  /** Of what is live. */
  readonly progress: ProgressLog<ProgressChange>
  readonly replayProgress: ProgressLog<ReplayChange>
  readonly alerts: Alerts
  /** What has become of deliveries since the start, over all subscriptions. */
  readonly deliveries: DeliveryCounts
  /** What retention took of it, by subscription. */
  readonly losses: Losses
  /** Publishes refused since the start, by the setting that said so. */
  readonly refusals: PublishRefusals
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds of a clock that nobody sets, for what lasts. */
  readonly elapsed: () => number
  /** Uniform from 0 up to but not including 1; seeded from the Random service. */
  readonly random: () => number
  readonly nextDeadLetterId: () => string
  /** Likewise. */
  readonly nextReplayId: () => ReplayId
  /** Lower-case letters and digits, `length` of them. */
  readonly token: (length: number) => string
}

/** Ids that ascend with time and within a process, and differ between processes. */
const ascendingIds = (prefix: string, now: () => number, process: string) => {
  let drawn = 0
  return () => {
    // Not every clock counts whole milliseconds.
    const at = Math.floor(now()).toString(36).padStart(9, "0")
    return `${prefix}_${at}${(drawn++).toString(36).padStart(6, "0")}${process}`
  }
}

export type MeshPorts = Handlers | MeshConfig | SchemaValidator | StorePorts | Transports | Vault

/** Starts the writers; closing the scope writes what they hold, then ends them. */
export const makeMeshWorld: Effect.Effect<MeshWorld, never, MeshPorts | Scope.Scope> = Effect.gen(
  function* () {
    const config = yield* MeshConfig
    const journal = yield* Journal
    const deliveryLog = yield* DeliveryLog
    const clock = yield* Effect.clock
    const chance = new Utils.PCGRandom(yield* Random.nextInt, yield* Random.nextInt)
    const now = () => clock.unsafeCurrentTimeMillis()
    const commits = new GroupCommit(journal, config, clock)
    const replays = yield* Replays
    const progress = new ProgressLog(deliveryLog.commit, config.progressInterval)
    const replayProgress = new ProgressLog(replays.commit, config.progressInterval)
    yield* Effect.forkScoped(commits.run)
    yield* Effect.forkScoped(commits.settleDoubts)
    yield* Effect.forkScoped(progress.run)
    const signingKeys = yield* SigningKeys
    yield* Effect.forkScoped(replayProgress.run)
    const token = (length: number) =>
      Array.from({ length }, () => chance.integer(36).toString(36)).join("")
    const process = token(6)
    let alerted = 0
    const alerts = new Alerts({
      interval: config.alertInterval,
      now,
      nextId: () => `${process}-${(alerted++).toString(36)}-${token(6)}`,
    })
    const keys = yield* Keys
    const vault = yield* Vault
    const keyRing = new KeyRing({ keys, digest: vault.digest, now })
    const nextId = ascendingIds("au", now, process)
    const audit = new AuditTrail({ log: yield* AuditLog, config, now, nextId })
    yield* Effect.addFinalizer(() => keyRing.note)
    yield* Effect.forkScoped(keyRing.noting)
    yield* Effect.forkScoped(audit.trimming)
    const nextReplayId = ascendingIds("rp", now, process)
    const eventTypes = yield* EventTypes
    const validator = yield* SchemaValidator
    const catalogues = new Catalogues(eventTypes, validator)
    yield* Effect.forkScoped(catalogues.logging)
    return {
      config,
      journal,
      registry: yield* Registry,
      deliveryLog,
      removals: yield* Removals,
      keys,
      keyRing,
      audit,
      invalidation: yield* Invalidation,
      vault,
      signingKeys,
      signing: yield* makeSigningKeyring(signingKeys, vault, now),
      transports: yield* Transports,
      handlers: yield* Handlers,
      eventTypes,
      validator,
      catalogues,
      commits,
      progress,
      alerts,
      replays,
      replayProgress,
      deliveries: noDeliveries(),
      losses: new Losses(),
      refusals: noRefusals(),
      now,
      elapsed: () => elapsedMillis(clock),
      random: () => chance.number(),
      nextDeadLetterId: ascendingIds("dl", now, process),
      nextReplayId: () => ReplayId.make(nextReplayId()),
      token,
    }
  },
)
