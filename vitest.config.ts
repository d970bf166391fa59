import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'
import { soon } from './test/support/soon.ts'
import { SummaryReporter } from './test/support/summary-reporter.ts'

/** Tests that start processes and servers, or measure what a process does: each file in a process of its own. */
const alone = ['compiler/program', 'experiment/sources', 'redis', 'sandbox', 'slack/e2e', 'threads', 'fuzz'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
)

export default defineConfig({
  test: {
    // what a test prints is shown where it fails
    silent: 'passed-only',
    setupFiles: ['test/support/seeded.ts'],
    reporters: ['default', new SummaryReporter()],
    // many times what they take: a busy machine is slow, and a hung test ends all the same
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: soon },
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
