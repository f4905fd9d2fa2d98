// A store whose operations are under a script of faults. Wraps the layer of any store adapter.

import { Context, Effect, Layer } from "effect"
import {
  AuditLog,
  DeliveryLog,
  Invalidation,
  Journal,
  Keys,
  Registry,
  Removals,
  EventTypes,
  SigningKeys,
  Replays,
  Sources,
  type StorePorts,
} from "../../src/actors/index.js"
import { StoreFaults, type StoreFaultsService } from "./StoreFaults.js"

/** The store of the layer, under these faults. */
export const faultyFrom = <E>(
  faults: StoreFaultsService,
  store: Layer.Layer<StorePorts, E>,
): Layer.Layer<StorePorts | StoreFaults, E> =>
  Layer.effectContext(
    Effect.map(Effect.context<StorePorts>(), (stores) =>
      Context.make(StoreFaults, faults).pipe(
        Context.add(Journal, faultyJournal(faults, Context.get(stores, Journal))),
        Context.add(Registry, faultyRegistry(faults, Context.get(stores, Registry))),
        Context.add(DeliveryLog, faultyDeliveryLog(faults, Context.get(stores, DeliveryLog))),
        Context.add(Removals, faultyRemovals(faults, Context.get(stores, Removals))),
        Context.add(Replays, faultyReplays(faults, Context.get(stores, Replays))),
        Context.add(Invalidation, faultyInvalidation(faults, Context.get(stores, Invalidation))),
        Context.add(Keys, faultyKeys(faults, Context.get(stores, Keys))),
        Context.add(EventTypes, faultyEventTypes(faults, Context.get(stores, EventTypes))),
        Context.add(SigningKeys, faultySigningKeys(faults, Context.get(stores, SigningKeys))),
        Context.add(AuditLog, faultyAuditLog(faults, Context.get(stores, AuditLog))),
        Context.add(Sources, faultySources(faults, Context.get(stores, Sources))),
      ),
    ),
  ).pipe(Layer.provide(store))

/** As `faultyFrom`, with a script of its own that `StoreFaults` gives access to. */
export const faulty = <E>(
  store: Layer.Layer<StorePorts, E>,
): Layer.Layer<StorePorts | StoreFaults, E> =>
  Layer.unwrapEffect(Effect.map(StoreFaults.make, (faults) => faultyFrom(faults, store)))

const faultyJournal = (
  { around }: StoreFaultsService,
  journal: typeof Journal.Service,
): typeof Journal.Service => ({
  append: (...of) => around("Journal.append", journal.append(...of)),
  read: (...of) => around("Journal.read", journal.read(...of)),
  get: (...of) => around("Journal.get", journal.get(...of)),
  bounds: (...of) => around("Journal.bounds", journal.bounds(...of)),
  positionAt: (...of) => around("Journal.positionAt", journal.positionAt(...of)),
  expired: (...of) => around("Journal.expired", journal.expired(...of)),
  trim: (...of) => around("Journal.trim", journal.trim(...of)),
})

const faultyRegistry = (
  { around }: StoreFaultsService,
  registry: typeof Registry.Service,
): typeof Registry.Service => ({
  putHostType: (...of) => around("Registry.putHostType", registry.putHostType(...of)),
  getHostType: (...of) => around("Registry.getHostType", registry.getHostType(...of)),
  listHostTypes: (...of) => around("Registry.listHostTypes", registry.listHostTypes(...of)),
  deleteHostType: (...of) => around("Registry.deleteHostType", registry.deleteHostType(...of)),
  putNamespace: (...of) => around("Registry.putNamespace", registry.putNamespace(...of)),
  getNamespace: (...of) => around("Registry.getNamespace", registry.getNamespace(...of)),
  listNamespaces: (...of) => around("Registry.listNamespaces", registry.listNamespaces(...of)),
  countNamespaces: (...of) => around("Registry.countNamespaces", registry.countNamespaces(...of)),
  setNamespaceStatus: (...of) =>
    around("Registry.setNamespaceStatus", registry.setNamespaceStatus(...of)),
  putSink: (...of) => around("Registry.putSink", registry.putSink(...of)),
  getSink: (...of) => around("Registry.getSink", registry.getSink(...of)),
  listSinks: (...of) => around("Registry.listSinks", registry.listSinks(...of)),
  deleteSink: (...of) => around("Registry.deleteSink", registry.deleteSink(...of)),
  eraseRetired: (...of) => around("Registry.eraseRetired", registry.eraseRetired(...of)),
  createSubscription: (...of) =>
    around("Registry.createSubscription", registry.createSubscription(...of)),
  updateSubscription: (...of) =>
    around("Registry.updateSubscription", registry.updateSubscription(...of)),
  getSubscription: (...of) => around("Registry.getSubscription", registry.getSubscription(...of)),
  listSubscriptions: (...of) =>
    around("Registry.listSubscriptions", registry.listSubscriptions(...of)),
  deleteSubscription: (...of) =>
    around("Registry.deleteSubscription", registry.deleteSubscription(...of)),
})

const faultyDeliveryLog = (
  { around }: StoreFaultsService,
  log: typeof DeliveryLog.Service,
): typeof DeliveryLog.Service => ({
  commit: (...of) => around("DeliveryLog.commit", log.commit(...of)),
  progress: (...of) => around("DeliveryLog.progress", log.progress(...of)),
  progressOf: (...of) => around("DeliveryLog.progressOf", log.progressOf(...of)),
  deferrals: (...of) => around("DeliveryLog.deferrals", log.deferrals(...of)),
  recordsOf: (...of) => around("DeliveryLog.recordsOf", log.recordsOf(...of)),
  forgetAttempts: (...of) => around("DeliveryLog.forgetAttempts", log.forgetAttempts(...of)),
  keptEvent: (...of) => around("DeliveryLog.keptEvent", log.keptEvent(...of)),
  slowestPosition: (...of) => around("DeliveryLog.slowestPosition", log.slowestPosition(...of)),
  deadLetters: (...of) => around("DeliveryLog.deadLetters", log.deadLetters(...of)),
  getDeadLetter: (...of) => around("DeliveryLog.getDeadLetter", log.getDeadLetter(...of)),
  deleteDeadLetter: (...of) => around("DeliveryLog.deleteDeadLetter", log.deleteDeadLetter(...of)),
  backlog: (...of) => around("DeliveryLog.backlog", log.backlog(...of)),
})

const faultyRemovals = (
  { around }: StoreFaultsService,
  removals: typeof Removals.Service,
): typeof Removals.Service => ({
  begin: (...of) => around("Removals.begin", removals.begin(...of)),
  record: (...of) => around("Removals.record", removals.record(...of)),
  get: (...of) => around("Removals.get", removals.get(...of)),
  pending: around("Removals.pending", removals.pending),
  purge: (...of) => around("Removals.purge", removals.purge(...of)),
  release: (...of) => around("Removals.release", removals.release(...of)),
})

const faultyReplays = (
  { around }: StoreFaultsService,
  replays: typeof Replays.Service,
): typeof Replays.Service => ({
  create: (...of) => around("Replays.create", replays.create(...of)),
  get: (...of) => around("Replays.get", replays.get(...of)),
  list: (...of) => around("Replays.list", replays.list(...of)),
  running: (...of) => around("Replays.running", replays.running(...of)),
  acknowledged: (...of) => around("Replays.acknowledged", replays.acknowledged(...of)),
  deferrals: (...of) => around("Replays.deferrals", replays.deferrals(...of)),
  commit: (...of) => around("Replays.commit", replays.commit(...of)),
  end: (...of) => around("Replays.end", replays.end(...of)),
})

const faultyInvalidation = (
  { around }: StoreFaultsService,
  invalidation: typeof Invalidation.Service,
): typeof Invalidation.Service => ({
  ...invalidation,
  broadcast: (...of) => around("Invalidation.broadcast", invalidation.broadcast(...of)),
})

const faultyEventTypes = (
  { around }: StoreFaultsService,
  types: typeof EventTypes.Service,
): typeof EventTypes.Service => ({
  put: (...of) => around("EventTypes.put", types.put(...of)),
  get: (...of) => around("EventTypes.get", types.get(...of)),
  list: (...of) => around("EventTypes.list", types.list(...of)),
  size: (...of) => around("EventTypes.size", types.size(...of)),
  delete: (...of) => around("EventTypes.delete", types.delete(...of)),
})

const faultySigningKeys = (
  { around }: StoreFaultsService,
  keys: typeof SigningKeys.Service,
): typeof SigningKeys.Service => ({
  list: (...of) => around("SigningKeys.list", keys.list(...of)),
  ofSet: (...of) => around("SigningKeys.ofSet", keys.ofSet(...of)),
  add: (...of) => around("SigningKeys.add", keys.add(...of)),
  eraseRetired: (...of) => around("SigningKeys.eraseRetired", keys.eraseRetired(...of)),
})

const faultyKeys = (
  { around }: StoreFaultsService,
  keys: typeof Keys.Service,
): typeof Keys.Service => ({
  add: (...of) => around("Keys.add", keys.add(...of)),
  find: (...of) => around("Keys.find", keys.find(...of)),
  list: (...of) => around("Keys.list", keys.list(...of)),
  count: (...of) => around("Keys.count", keys.count(...of)),
  delete: (...of) => around("Keys.delete", keys.delete(...of)),
  touch: (...of) => around("Keys.touch", keys.touch(...of)),
})

const faultyAuditLog = (
  { around }: StoreFaultsService,
  log: typeof AuditLog.Service,
): typeof AuditLog.Service => ({
  record: (...of) => around("AuditLog.record", log.record(...of)),
  retract: (...of) => around("AuditLog.retract", log.retract(...of)),
  list: (...of) => around("AuditLog.list", log.list(...of)),
  trim: (...of) => around("AuditLog.trim", log.trim(...of)),
})

const faultySources = (
  { around }: StoreFaultsService,
  sources: typeof Sources.Service,
): typeof Sources.Service => ({
  put: (...of) => around("Sources.put", sources.put(...of)),
  get: (...of) => around("Sources.get", sources.get(...of)),
  list: (...of) => around("Sources.list", sources.list(...of)),
  delete: (...of) => around("Sources.delete", sources.delete(...of)),
  putSnapshot: (...of) => around("Sources.putSnapshot", sources.putSnapshot(...of)),
  snapshots: (...of) => around("Sources.snapshots", sources.snapshots(...of)),
})
