import { describe, expect, it } from 'vitest'
import { commandNames } from '../../src/cli/commands.ts'
import { definitions } from '../../src/cli/definitions.ts'
import { parseOptions } from '../../src/cli/parse-options.ts'
import { runCli } from '../support/run-cli.ts'

describe('the options of a command', () => {
  it('come with the types that the table gives, and undefined where they were not given', () => {
    expect(parseOptions('plan', ['x.yaml', '--top', '5', '--all', '--explain', 'data=8'])).toEqual({
      positionals: ['x.yaml'],
      flags: { topology: undefined, top: 5, all: true, explain: 'data=8', compile: false, full: false, json: false },
    })
    expect(parseOptions('outcome', ['run', '--step-time-ms', '0.5']).flags['step-time-ms']).toBe(0.5)
    expect(parseOptions('import', ['hf', '-', '-o', 'here']).flags.out).toBe('here')
  })

  it.each([
    ['plan', ['x', '--top', '0'], 'A whole number from 1.'],
    ['plan', ['x', '--top', '1.5'], 'A whole number from 1.'],
    ['plan', ['x', '--top', ''], 'A whole number from 1.'],
    ['sandbox', ['--port', '70000'], 'A whole number from 0 to 65535.'],
    ['sandbox', ['--port', '-1'], /--port/],
    ['outcome', ['run', '--step-time-ms', '0'], 'A number above 0.'],
    ['outcome', ['run', '--step-time-ms', 'NaN'], 'A number above 0.'],
    ['outcome', ['run', '--step-time-ms', 'Infinity'], 'A number above 0.'],
    ['worker', ['--queue', 'run'], 'One of runs, compiles.'],
    ['plan', ['x', '--tpo', '3'], 'Did you mean --top?'],
    ['plan', [], /^Usage: prompts plan <experiment\.yaml> .*\[--top N\]/],
    ['adopt', ['a', '1', 'c'], /^Usage: prompts adopt <run> <card>/],
  ] as const)('refuses prompts %s %j with what would be right', (name, args, hint) => {
    expect(() => parseOptions(name, args)).toThrow(
      expect.objectContaining({ code: 'bad_arguments', hint: typeof hint === 'string' ? hint : expect.stringMatching(hint) }),
    )
  })

  it('are all named in the help of their command', async () => {
    for (const name of commandNames) {
      const { code, stdout } = await runCli([name, '--help'])
      expect(code).toBe(0)
      for (const option of Object.keys(definitions[name].options)) expect(stdout).toContain(`--${option}`)
    }
  })
})

describe('the terminal', () => {
  it('gets no character that acts on it, and no line that a name began', async () => {
    const { code, stderr } = await runCli(['check', 'gone\u001b]0;OWNED\u0007\r\nprompts: card adopted\u009b2J'])
    expect(code).toBe(2)
    expect(stderr).toContain('\\u001b]0;OWNED\\u0007')
    for (const acting of ['\u001b', '\u0007', '\r', '\u009b']) expect(stderr).not.toContain(acting)
    expect(stderr.split('\n').filter((line) => line.startsWith('prompts: card'))).toEqual([])
  })
})
