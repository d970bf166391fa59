import { openSlack } from '../../src/cli/open-slack.ts'
import { type Config, readConfig } from '../../src/config.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts'
import type { SlackDeps } from '../../src/slack/deps.ts'
import { silentLog } from '../../src/slack/log.ts'
import { fastClock } from '../support/fast-clock.ts'

/**
 * The sandbox as `prompts sandbox` starts it, without the compiler, on a free port and at five times Slack's pace; `change` puts
 * a stand-in in a part's place.
 */
export function openSandbox(change: (deps: SlackDeps) => SlackDeps = (deps) => deps, experiments = 'examples'): Promise<Sandbox> {
  const config = readConfig({ PROMPTS_COMPILER: 'off', PROMPTS_EXPERIMENTS: experiments })
  const openDeps = async (own: Config) => {
    const { deps, close } = await openSlack(own, { log: silentLog, signal: new AbortController().signal, clock: fastClock(5) })
    return { deps: change(deps), close }
  }
  return startSandbox({ config, port: 0, openDeps })
}
