/**
 * `npm run bench:accuracy`: the planner against compiled cases (memory), replayed schedules and measured pairs (ranking). Prints the
 * tables and writes them to bench/planner-fit/results.md. The accuracy of the step time is printed by `npm run fit:planner`.
 */
import { writeFileSync } from 'node:fs'
import { memoryReport } from './memory-accuracy.ts'
import { contrastReport, measuredPairReport } from './ranking-accuracy.ts'

const lines = [...memoryReport(), '', ...contrastReport(), '', ...measuredPairReport()]
for (const line of lines) console.log(line)
writeFileSync('bench/planner-fit/results.md', `# Accuracy: \`npm run bench:accuracy\`\n\n${lines.join('\n')}\n`)
