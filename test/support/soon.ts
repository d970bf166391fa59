/**
 * How long a test waits for a state that stays, with `vi.waitFor`: far longer than it takes, since a busy machine is slow. What
 * passes by is not waited for: it is read from what was recorded, or held while it is looked at.
 */
export const soon = { timeout: 40_000, interval: 30 }

/** The same for processes, which take seconds to start. */
export const patient = { timeout: 90_000, interval: 100 }
