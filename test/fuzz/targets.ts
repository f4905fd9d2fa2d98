// Every target, in the order in which they are fuzzed.

import { expressionTargets } from "./ExpressionTargets.js"
import type { Target } from "./Target.js"
import { textTargets } from "./TextTargets.js"
import { wireTargets } from "./WireTargets.js"

export const targets: ReadonlyArray<Target> = [...wireTargets, ...expressionTargets, ...textTargets]
