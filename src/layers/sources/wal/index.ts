// Sources of the kind "wal": `eventloom/sources/postgres`.

export { layer, service } from "./PostgresChanges.js"
