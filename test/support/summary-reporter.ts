import type { Reporter, TestModule } from 'vitest/node'

/** Lists each test that was left out with what it lacks, and closes with `N left out` and `N passed, N failed`. */
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
    const lines = leftOut.length > 0 ? ['left out, for what this machine lacks:', ...leftOut.map((name) => `  ${name}`)] : []
    if (process.env.PROMPTS_TEST_ALL === '1' && leftOut.length > 0) {
      lines.push('PROMPTS_TEST_ALL=1: no test may be left out')
      process.exitCode = 1
    }
    lines.push(`${leftOut.length} left out`, `${counts.passed} passed, ${counts.failed} failed`)
    process.stdout.write(`${lines.join('\n')}\n`)
  }
}
