import { PromptsError } from '../../errors.ts'

/** Refuses a line for what it says. @throws PromptsError `bad_arguments` */
export function refuse(what: string, hint: string, choices?: readonly string[]): never {
  throw new PromptsError('bad_arguments', `The line ${what}.`, {
    hint,
    ...(choices === undefined ? {} : { choices: choices.map((value) => ({ label: value, value })) }),
  })
}
