import { PromptsError } from '../../../errors.ts'

/** Turns what a bucket's client threw into an error that says which permission, credential or address is missing. */
export function bucketFailure(
  name: string,
  error: unknown,
  { status, permission, credentials }: { status: number | null; permission: string; credentials: string },
): PromptsError {
  const message = ((error as Error).message ?? '').split('\n')[0]!
  const said = (text: string, hint: string) => new PromptsError('unavailable', `${name} ${text}`, { hint, cause: error })
  if (status === 404)
    return said('does not exist, or cannot be seen', 'Check its name in PROMPTS_EXPERIMENTS, and the endpoint where one is set.')
  if (status === 403) return said('refuses these credentials', `They need ${permission} on it.`)
  if (status === 401 || /could not load.*credentials|default credentials|CredentialsProvider/i.test(message))
    return said('asks for credentials', `Give this process some: ${credentials}.`)
  return said(`cannot be read: ${message}`, 'Check the bucket, its permissions, the credentials of this process and the network.')
}
