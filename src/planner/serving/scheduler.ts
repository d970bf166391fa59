/** How a serving program chooses what runs in its next step. */
export interface Scheduler {
  /** Tokens that one step may hold. */
  batchedTokens: number
  /** Prompts of which one step may hold a part. */
  promptsPerStep: number
  /** Requests that run at once at most. */
  maxRunning: number
  /** Tokens that the cache holds; infinite where every request has a place of its own. */
  cacheTokens: number
  /** The share of the answers still to come for which the cache keeps room when it lets the next request in. */
  outputReserve: number
}
