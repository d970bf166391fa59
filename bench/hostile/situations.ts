import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../test/support/needs.ts'
import { Stage } from '../faults/stage.ts'
import type { Judged } from './cases.ts'
import { watch } from './watched.ts'

const secrets = {
  SLACK_SIGNING_SECRET: 'secret-signing',
  PROMPTS_INSTALLATION_KEY: 'secret-installation',
  GEMINI_API_KEY: '',
  QDRANT_API_KEY: 'secret-qdrant',
  REDIS_URL: 'redis://:secret-redis@127.0.0.1:1',
}

async function asked(env: (stage: Stage) => Record<string, string>, questions: readonly string[]): Promise<{ text: string; stage: Stage }> {
  const stage = await Stage.open()
  await stage.startRedis()
  await stage.serve({ env: env(stage) })
  await stage.worker({ env: env(stage) })
  for (const question of questions) await stage.ask(question, { channel: stage.slack.channels[0]! })
  await stage.settle(60)
  const text = (await Promise.all(stage.questions.map((one) => stage.read(one)))).join('\n')
  return { text, stage }
}

/** What is a situation and no file, by its id. */
export const situations: Readonly<Record<string, (folder: string) => Promise<Judged>>> = {
  async 'rule-leak-by-hint'() {
    const env = (stage: Stage) => ({
      PROMPTS_CHANNELS: `${stage.slack.channels[0]}=llama2-*`,
      PROMPTS_EXPERIMENTS: join(projectRoot, 'examples'),
    })
    const { text, stage } = await asked(env, ['diagnose llama2-qqqq', 'diagnose mixtral-v6e'])
    await stage.close()
    const names = ['decode-v6e', 'llama3-8b', 'gemma3', 'deepseek2', 'llama3-70b']
    const leaked = [...names.filter((name) => text.includes(name)), ...(text.match(/\/[a-z]+\/[^\s`"]+/g) ?? [])]
    return { seen: text.split('\n')[0]?.slice(0, 200) ?? '', wrong: leaked.map((name) => `names ${name}`) }
  },
  async 'error-shows-paths'(folder) {
    const unreadable = join(folder, 'unreadable')
    mkdirSync(join(unreadable, 'locked'), { recursive: true })
    writeFileSync(join(unreadable, 'locked', 'experiment.yaml'), 'id: locked\n')
    chmodSync(join(unreadable, 'locked', 'experiment.yaml'), 0)
    mkdirSync(join(unreadable, 'broken'), { recursive: true })
    writeFileSync(join(unreadable, 'broken', 'experiment.yaml'), 'id: broken\nprofile: gone\n')
    const env = () => ({
      PROMPTS_EXPERIMENTS: `${unreadable},s3://no-such-bucket/runs`,
      PROMPTS_S3_ENDPOINT: 'http://127.0.0.1:1',
      AWS_ACCESS_KEY_ID: 'key-of-the-operator',
      AWS_SECRET_ACCESS_KEY: 'secret-of-the-operator',
    })
    const { text, stage } = await asked(env, ['diagnose nothing-of-that-name', 'diagnose locked', 'diagnose broken'])
    await stage.close()
    const leaked = [folder, 'no-such-bucket', '127.0.0.1:1', 'key-of-the-operator', 'PROMPTS_S3', 'AWS_', projectRoot].filter((one) =>
      text.includes(one),
    )
    return { seen: text.split('\n')[0]?.slice(0, 200) ?? '', wrong: leaked.map((one) => `shows ${one.slice(0, 30)}`) }
  },
  async 'secrets-to-compiler'(folder) {
    const heard = join(folder, 'heard')
    const program = join(folder, 'python')
    writeFileSync(program, `#!/bin/sh\nenv > ${heard}\npwd >> ${heard}\necho '{"jax":"0"}'\n`)
    chmodSync(program, 0o755)
    const { REDIS_URL: _redis, ...kept } = secrets
    await watch(['check', join(projectRoot, 'examples/llama3-8b-v5e-cold'), '--mesh', 'data=16', '--compile'], {
      env: { ...kept, PROMPTS_COMPILER_PYTHON: program },
    })
    const told = readFileSync(heard, 'utf8')
    const names = Object.keys(secrets).filter((name) => name !== 'GEMINI_API_KEY')
    const leaked = [...names, 'SLACK', 'secret-'].filter((one) => told.includes(one))
    // the last line is the folder that it ran in
    if (told.trimEnd().split('\n').at(-1)?.startsWith(projectRoot.replace(/\/$/, ''))) leaked.push('it runs in the project')
    return {
      seen: `it got ${told
        .split('\n')
        .filter((line) => line.includes('='))
        .map((line) => line.split('=')[0])
        .join(', ')}`,
      wrong: leaked,
    }
  },
  async 'two-readers-same-pid'(folder) {
    const source = join(projectRoot, 'test/support/hostile/fetch-once.ts')
    const results = await Promise.all(
      [1, 2].map(
        (which) =>
          new Promise<string>((resolve) => {
            const child = spawn('unshare', ['-pf', process.execPath, source, join(folder, 'fetched')], {
              stdio: ['ignore', 'pipe', 'pipe'],
            })
            let said = ''
            for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
            child.once('close', () => resolve(`${which}: ${said.trim()}`))
          }),
      ),
    )
    return { seen: results.join('; ').slice(0, 200), wrong: results.filter((said) => !said.includes('whole as process 1')) }
  },
}
