import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'
import { SummaryReporter } from './test/support/summary-reporter.ts'

/** Tests that start processes and servers, set the environment, or measure memory: each file in a process of its own. */
const alone = ['cli', 'compiler/program', 'experiment/sources', 'redis', 'sandbox', 'scripts', 'slack', 'threads', 'fuzz'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
)

export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // more than cores: what starts processes mostly waits for them
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { name: 'alone', include: alone } },
      // the others share processes: what they import is loaded and its data parsed once
      { extends: true, test: { name: 'together', include: ['test/**/*.test.ts'], exclude: alone, isolate: false } },
    ],
  },
})
