// What a route takes: stands with the route, and is enforced in one place for all of them.

import { Context } from "effect"
import type { KeyScope } from "../../../domain/index.js"

/** A scope in the namespace of the path, or any key that is good. */
export type Need = KeyScope | "any"

/** A route that does not say what it needs is the operator's. */
export class Needs extends Context.Tag("eventloom/http/Needs")<Needs, Need>() {}
