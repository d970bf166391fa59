import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * What waits for processes, browsers and compilers, the longest first: it starts first, and the rest fills the cores beside it.
 */
const waiting = [
  'test/slack/e2e/',
  'test/compiler/program/',
  'test/sandbox/',
  'test/slack/conversation.test.ts',
  'test/experiment/sources/',
  'test/slack/',
  'test/agents/gemini-reasoning.test.ts',
  'test/interconnect/physical-mesh.test.ts',
  'test/cli/',
  'test/agents/attacks.test.ts',
]

/** Runs the longest files first, so that no long one is left alone at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification) => {
      const path = relative(project.config.root, moduleId)
      const at = waiting.findIndex((part) => path.startsWith(part))
      return at < 0 ? waiting.length : at
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}
