import { enableCompileCache } from 'node:module'

/** Reads one profile as the command does; its own process, so that its time and memory can be told. */
enableCompileCache()
const { readProfile } = await import('../../src/profile/read-profile.ts')
const report = await readProfile(process.argv[2] ?? '')
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
console.log(
  JSON.stringify({ step_time_ms: report.kpis.step_time_ms, peakMib: maxRSS / 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }),
)
