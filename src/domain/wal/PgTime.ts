// Times in replication messages: microseconds since 2000-01-01 UTC.

/** Microseconds between 1970-01-01 and 2000-01-01, UTC. */
const postgresEpoch = 946_684_800_000_000n

/** Microseconds since 2000-01-01 UTC, as Postgres counts them. */
export type PgMicros = bigint

export const pgMicrosToMillis = (micros: PgMicros): number =>
  Number((micros + postgresEpoch) / 1000n)

export const millisToPgMicros = (millis: number): PgMicros =>
  BigInt(Math.trunc(millis)) * 1000n - postgresEpoch

/** RFC 3339 in UTC, to the microsecond. */
export const formatPgMicros = (micros: PgMicros): string => {
  const sinceEpoch = micros + postgresEpoch
  const fraction = ((sinceEpoch % 1_000_000n) + 1_000_000n) % 1_000_000n
  const seconds = (sinceEpoch - fraction) / 1_000_000n
  const text = new Date(Number(seconds) * 1000).toISOString()
  return `${text.slice(0, -5)}.${fraction.toString().padStart(6, "0")}Z`
}
