/** What a failed call to Slack means for the message. */
export type Failure =
  | { kind: 'rate_limited'; retryAfterMs: number }
  /** Slack took the request and refused it for good. */
  | { kind: 'refused'; error: string }
  | { kind: 'blocks_refused'; error: string }
  | { kind: 'message_gone'; error: string }
  /** Slack does not take the token, whatever is asked. */
  | { kind: 'token_refused'; error: string }
  /** No answer, or an error of its servers: it has nothing to do with the message, and it is not known whether Slack did it. */
  | { kind: 'away'; error: string }
  /** It is not known whether Slack did it: it answered that something of its own went wrong over this message. */
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
const tokenErrors = new Set(['token_revoked', 'account_inactive', 'invalid_auth', 'token_expired', 'app_uninstalled', 'not_authed'])
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
    if (tokenErrors.has(code)) return { kind: 'token_refused', error: code }
    if (!transient.has(code)) return { kind: 'refused', error: code }
  }
  const reason = code ?? error.message ?? 'no answer'
  const isAway = error.code === 'slack_webapi_request_error' || (error.code === 'slack_webapi_http_error' && (error.statusCode ?? 0) >= 500)
  return { kind: isAway ? 'away' : 'unknown', error: reason }
}
