import { openSlack } from '../../src/cli/open-slack.ts'
import { readConfig } from '../../src/config.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts'
import { silentLog } from '../../src/slack/log.ts'

/** The sandbox as `prompts sandbox` starts it, without the compiler, on a free port. */
export function openSandbox(): Promise<Sandbox> {
  const config = readConfig({ PROMPTS_COMPILER: 'off', PROMPTS_EXPERIMENTS: 'examples' })
  return startSandbox({ config, port: 0, openDeps: (own) => openSlack(own, silentLog) })
}
