/** Content filters of subscriptions. */
export * from "./CompileFilters.js"
export * from "./Filter.js"
export * from "./FilterVerdict.js"
