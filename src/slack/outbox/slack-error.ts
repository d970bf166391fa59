/** What a failed call to Slack means for the message. */
export type Failure =
  | { kind: 'rate_limited'; retryAfterMs: number }
  /** Slack took the request and refused it for good. */
  | { kind: 'refused'; error: string }
  | { kind: 'blocks_refused'; error: string }
  | { kind: 'message_gone'; error: string }
  /** It is not known whether Slack did it: no answer, or a server error. */
  | { kind: 'unknown'; error: string }

/** Of the blocks, or of all the text together: a shorter, plainer try may pass. */
const blockErrors = new Set([
  'msg_too_long',
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'invalid_attachments',
  'block_mismatch',
])
/** The message cannot be edited any more: deleted, too old, or not ours to edit. What it was to show is posted anew. */
const goneErrors = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed'])
const transient = new Set(['internal_error', 'fatal_error', 'request_timeout', 'service_unavailable', 'team_added_to_org', 'ratelimited'])

/** Reads the errors of @slack/web-api. */
export function classify(thrown: unknown): Failure {
  if (typeof thrown !== 'object' || thrown === null) return { kind: 'unknown', error: String(thrown) }
  const error = thrown as { code?: string; retryAfter?: number; data?: { error?: string }; message?: string; statusCode?: number }
  if (error.code === 'slack_webapi_rate_limited_error')
    return { kind: 'rate_limited', retryAfterMs: Math.max(1, error.retryAfter ?? 1) * 1000 }
  const code = error.data?.error
  if (error.code === 'slack_webapi_platform_error' && code !== undefined) {
    if (code === 'ratelimited') return { kind: 'rate_limited', retryAfterMs: 1000 }
    if (blockErrors.has(code)) return { kind: 'blocks_refused', error: code }
    if (goneErrors.has(code)) return { kind: 'message_gone', error: code }
    if (!transient.has(code)) return { kind: 'refused', error: code }
  }
  return { kind: 'unknown', error: code ?? error.message ?? 'no answer' }
}
