import fc from 'fast-check'

/**
 * Properties are tried on the same inputs in every run, so that a change that passed passes again. `PROMPTS_TEST_SEED` sets another
 * seed, `random` a new one each time.
 */
const given = process.env.PROMPTS_TEST_SEED
if (given !== 'random') fc.configureGlobal({ seed: Number(given ?? 20_261_126) })
