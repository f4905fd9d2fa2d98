// The domain: what things are and what is decided. Pure; imports only effect.

export * from "./delivery/index.js"
export * from "./event/index.js"
export * from "./filter/index.js"
export * from "./inheritance/index.js"
export * from "./journal/index.js"
export * from "./limits/index.js"
export * from "./namespace/index.js"
export * from "./removal/index.js"
export * from "./routing/index.js"
export * from "./sink/index.js"
export * from "./subscription/index.js"
export * from "./units/index.js"
