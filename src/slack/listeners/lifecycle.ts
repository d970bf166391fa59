import type { App, InstallationQuery } from '@slack/bolt'
import type { SlackServices } from '../services.ts'

/** The app was removed from a workspace, or its tokens were revoked: what was stored of them goes. */
export function listenToLifecycle(app: App, services: SlackServices): void {
  for (const name of ['app_uninstalled', 'tokens_revoked'] as const) {
    app.event(name, async ({ event, body }) => {
      const {
        team_id: team,
        enterprise_id: enterprise,
        is_enterprise_install: isEnterprise,
        event_time: at,
      } = body as {
        team_id?: string
        enterprise_id?: string
        is_enterprise_install?: boolean
        event_time?: number
      }
      const tokens = (event as { tokens?: { bot?: string[] } }).tokens
      // a revoked user token is none of ours
      if (name === 'tokens_revoked' && (tokens?.bot ?? []).length === 0) return
      const query = { teamId: team, enterpriseId: enterprise, isEnterpriseInstall: isEnterprise === true } as InstallationQuery<boolean>
      // told late (Slack tries for minutes), of an installation that another has followed
      const storedAt = (await services.installations?.storedAt(query)) ?? null
      if (storedAt !== null && at !== undefined && at * 1000 + 999 < storedAt) return
      services.deps.log.info('the app was removed from a workspace', { team, name })
      if (team !== undefined) services.clients.forget(team)
      await services.installations?.deleteInstallation(query)
    })
  }
}
