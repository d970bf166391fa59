import { PromptsError } from '../../../errors.ts'

/**
 * `gs://bucket/prefix` or `s3://bucket/prefix` in its parts; the prefix ends in `/` or is empty. @throws PromptsError
 * `bad_config`
 */
export function splitBucketAddress(address: string, scheme: 'gs' | 's3'): { bucket: string; prefix: string } {
  const match = new RegExp(`^${scheme}://([a-z0-9][a-z0-9._-]{1,220})(?:/(.*))?$`).exec(address)
  if (!match)
    throw new PromptsError('bad_config', `PROMPTS_EXPERIMENTS holds "${address}"`, {
      hint: `A bucket is written ${scheme}://bucket/prefix.`,
    })
  const prefix = (match[2] ?? '').replace(/\/+$/, '')
  return { bucket: match[1]!, prefix: prefix === '' ? '' : `${prefix}/` }
}
