// A bounded number of places for what is under way, shared by several users.
//
// Who finds none waits to be pumped. A place changes hands now and then, not each time it is left, for
// that costs more than a delivery itself where sinks are fast: so whoever leaves enters again or
// passes.

export interface PlaceUser {
  /** Gives way to users that do not, as long as they have use for every place. */
  readonly yields: boolean
  /** There may be room again: start what is ready. */
  readonly pump: () => void
}

/** A place stays with a user for so many turns, or for so long, while others wait. */
const maxTurns = 32
const turnMillis = 10
/** Of so many places that change hands one goes to a user that yields, if one waits. */
const yieldingTurns = 8

export class Places<User extends PlaceUser> {
  readonly #limit: number
  readonly #now: () => number
  readonly #waiting = new Set<User>()
  /** Those that wait and yield to all others. */
  readonly #yielding = new Set<User>()
  /** Places that are kept for the next turn of a user. */
  readonly #kept = new Map<User, number>()
  #keptPlaces = 0
  /** Turns since a place changed hands, and when it did. */
  #turns = 0
  #handedOverAt = 0
  #handedOver = 0
  #active = 0
  /** Places of users that yield. */
  #activeYielding = 0

  constructor(limit: number, now: () => number) {
    this.#limit = limit
    this.#now = now
  }

  /** Places that are taken. */
  get active(): number {
    return this.#active
  }

  get isWaitedFor(): boolean {
    return this.#waiting.size > 0 || this.#yielding.size > 0
  }

  /** How many places a user could take now. */
  room(user: User): number {
    const kept = this.#kept.get(user) ?? 0
    const free = this.#limit - this.#active - this.#keptPlaces + kept
    return user.yields ? Math.min(free, this.#roomForYielding(kept)) : free
  }

  /** Never all places at once, and while others wait only those that are kept for it. */
  #roomForYielding(kept: number): number {
    const most = Math.max(1, Math.floor(this.#limit / 2)) - this.#activeYielding
    return this.#waiting.size > 0 ? Math.min(kept, most) : most
  }

  /** Takes a place, whether or not there is room. */
  enter(user: User): void {
    this.#useKept(user, 1)
    this.#active++
    if (user.yields) this.#activeYielding++
  }

  /** Gives a place back. */
  leave(user: User): void {
    this.#active--
    if (user.yields) this.#activeYielding--
  }

  /** Asks to be pumped when there is room. */
  wait(user: User): void {
    if (user.yields) this.#yielding.add(user)
    else this.#waiting.add(user)
  }

  /** The user neither waits nor has use for places that are kept for it. */
  forget(user: User): void {
    this.forgo(user)
    this.#stopWaiting(user)
  }

  keepsFor(user: User): boolean {
    return this.#kept.has(user)
  }

  /** Gives up the places that are kept for the user. */
  forgo(user: User): void {
    this.#useKept(user, Number.POSITIVE_INFINITY)
  }

  /** Keeps the place that was left for who has waited longest, if it is time to. */
  handOver(): void {
    const now = this.#now()
    if (++this.#turns < maxTurns && Math.abs(now - this.#handedOverAt) < turnMillis) return
    this.#turns = 0
    this.#handedOverAt = now
    const next = this.#nextInLine()
    if (next === undefined) return
    this.#stopWaiting(next)
    this.#kept.set(next, (this.#kept.get(next) ?? 0) + 1)
    this.#keptPlaces++
    next.pump()
  }

  /**
   * In turn, as long as there is room; one that still waits goes to the end of the line. Answers
   * whether anybody had a turn.
   */
  pumpWaiting(hasRoom: (user: User) => boolean): boolean {
    const pumped = pumpInTurn(this.#waiting, hasRoom)
    return this.#waiting.size === 0 && pumpInTurn(this.#yielding, hasRoom) ? true : pumped
  }

  /** Nobody waits: all are being pumped anyway. */
  clearWaiting(): void {
    this.#waiting.clear()
    this.#yielding.clear()
  }

  #nextInLine(): User | undefined {
    const [first] = this.#waiting
    const [yielding] = this.#yielding
    const isItsTurn = first === undefined || ++this.#handedOver % yieldingTurns === 0
    return yielding !== undefined && isItsTurn ? yielding : first
  }

  #stopWaiting(user: User): void {
    this.#waiting.delete(user)
    this.#yielding.delete(user)
  }

  #useKept(user: User, most: number): void {
    const kept = this.#kept.get(user)
    if (kept === undefined) return
    const used = Math.min(kept, most)
    this.#keptPlaces -= used
    if (used === kept) this.#kept.delete(user)
    else this.#kept.set(user, kept - used)
  }
}

const pumpInTurn = <User extends PlaceUser>(
  users: Set<User>,
  hasRoom: (user: User) => boolean,
): boolean => {
  let turns = users.size
  let pumped = false
  for (const user of users) {
    if (turns-- <= 0 || !hasRoom(user)) break
    users.delete(user)
    pumped = true
    user.pump()
  }
  return pumped
}
