import type { Reporter, TestModule } from 'vitest/node'

/** Lists each test that was left out with what it lacks, and closes with `N passed, N failed`. */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0 }
    const leftOut: string[] = []
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') counts.passed++
        else if (state === 'failed') counts.failed++
        else leftOut.push(`${module.relativeModuleId}: ${test.fullName}`)
      }
    }
    const lines = leftOut.length > 0 ? [`${leftOut.length} left out:`, ...leftOut.map((name) => `  ${name}`)] : []
    process.stdout.write(`${[...lines, `${counts.passed} passed, ${counts.failed} failed`].join('\n')}\n`)
    if (process.env.PROMPTS_TEST_ALL === '1' && leftOut.length > 0) {
      process.stdout.write('PROMPTS_TEST_ALL=1: no test may be left out\n')
      process.exitCode = 1
    }
  }
}
