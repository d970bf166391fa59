import { mutate } from './mutate.ts'
import { fuzzInputs, tryInput } from './profile-inputs.ts'

/**
 * Reads ten thousand damaged profiles: `npm run fuzz:profile`, or `npm run fuzz:profile -- 500 7` for 500 from seed 7.
 * Fails on anything thrown that is no PromptsError, on a report that breaks its contract, on more than 2 s of processor time, on
 * more than 1 GB.
 */
const [count, seed] = [Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 1)]
const inputs = fuzzInputs()
const outcomes = { report: 0, error: 0 }
const failures: string[] = []
let slowest = { ms: 0, what: '' }
for (let index = 0; index < count; index++) {
  const input = inputs[index % inputs.length]
  if (!input) break
  const what = `${input.name}, seed ${seed * 1_000_003 + index}`
  try {
    const { outcome, ms } = await tryInput(input, mutate(input.bytes, seed * 1_000_003 + index))
    outcomes[outcome]++
    if (ms > slowest.ms) slowest = { ms, what }
    if (ms > 2000) failures.push(`${what}: ${Math.round(ms)} ms`)
  } catch (error) {
    failures.push(`${what}: ${error instanceof Error ? (error.stack ?? error.message).slice(0, 600) : String(error)}`)
  }
  if (failures.length > 20) break
}
const peakMib = process.resourceUsage().maxRSS / 1024
if (peakMib > 1024) failures.push(`${Math.round(peakMib)} MiB of memory`)
console.log(
  `${outcomes.report} read in part or whole, ${outcomes.error} refused with an error; slowest ${Math.round(slowest.ms)} ms (${slowest.what}); peak ${Math.round(peakMib)} MiB`,
)
for (const failure of failures) console.error(failure)
process.exitCode = failures.length > 0 ? 1 : 0
