// Who lives, and the ports through which they touch the world.

export { type ChangeOrigin, changingAs, CurrentOrigin } from "./access/CurrentOrigin.js"
export { TooManyUnknownKeys } from "./access/KeyRing.js"
export type * from "./kernel/index.js"
export { elapsedMillis } from "./kernel/index.js"
export { type Durability, type PublishError, type Publisher } from "./mesh/Publisher.js"
export { MeshOverloaded, type Receipt } from "./journal/GroupCommit.js"
export {
  type EventReader,
  type FollowError,
  type FollowOptions,
  TooManyFollowers,
} from "./mesh/Follow.js"
export type { Followed, FollowEnd } from "./mesh/Follower.js"
export type { EventTypeView } from "./mesh/EventTypeCatalogue.js"
export type { LiveTap } from "./mesh/LiveStream.js"
export * from "./mesh/Mesh.js"
export type * from "./mesh/service/index.js"
export * from "./mesh/MeshConfig.js"
export { layer as meshLayer } from "./mesh/MeshLive.js"
export * from "./mesh/SourceView.js"
export type { TypedEvents, TypedHandler } from "./mesh/TypedEvents.js"
export * from "./mesh/Views.js"
export type { ChangeMaker, Emit } from "./source/ChangeMaker.js"
export { pumpChanges } from "./source/ChangePump.js"
export type { Batch } from "./source/ChangeReader.js"
export type { Outlet } from "./source/Outlet.js"
export { watchSlot } from "./source/SlotWatch.js"
export type { DeliveryCounts } from "./subscription/FeedWorld.js"
export * from "./ports/index.js"
