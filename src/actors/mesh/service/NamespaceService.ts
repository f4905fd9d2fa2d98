// Namespaces, and the host types that they inherit from.

import type { Duration, Option } from "effect"
import type {
  HostTypeInUse,
  HostTypeName,
  HostTypeNotFound,
  InvalidSetting,
  NamespaceName,
  NamespaceNotFound,
  NamespaceRemoving,
  NamespaceStatus,
  RemovalReport,
  Settings,
} from "../../../domain/index.js"
import type { HostTypeView, NamespaceDetail, NamespaceView } from "../Views.js"
import type { InNamespace, Listing, Put, Stored } from "./Answers.js"

export interface NamespaceInput {
  readonly hostType?: HostTypeName | undefined
  readonly overrides?: Settings
}

export interface HostTypeService {
  readonly put: (
    name: HostTypeName,
    defaults: Settings,
  ) => Stored<Put<HostTypeView>, InvalidSetting>
  readonly get: (name: HostTypeName) => Stored<HostTypeView, HostTypeNotFound>
  readonly list: (page: Listing<HostTypeName>) => Stored<ReadonlyArray<HostTypeView>>
  readonly remove: (name: HostTypeName) => Stored<void, HostTypeNotFound | HostTypeInUse>
}

export interface NamespaceService {
  readonly put: (
    name: NamespaceName,
    input?: NamespaceInput,
  ) => Stored<Put<NamespaceView>, HostTypeNotFound | InvalidSetting | NamespaceRemoving>
  readonly setStatus: (
    name: NamespaceName,
    status: Exclude<NamespaceStatus, "removing">,
  ) => InNamespace<NamespaceView>
  /** With what it may use and what it does use. */
  readonly get: (name: NamespaceName) => Stored<NamespaceDetail, NamespaceNotFound>
  readonly list: (
    page: Listing<NamespaceName> & { readonly hostType?: HostTypeName },
  ) => Stored<ReadonlyArray<NamespaceView>>
  /**
   * Removes it whole. Answers the account as it stands once the removal is sure to happen, or, with
   * `wait`, the complete one if it is there in time.
   */
  readonly remove: (
    name: NamespaceName,
    options?: { readonly wait?: Duration.DurationInput },
  ) => Stored<RemovalReport, NamespaceNotFound>
  /** The account of a removal under way. */
  readonly removal: (name: NamespaceName) => Stored<Option.Option<RemovalReport>>
}
