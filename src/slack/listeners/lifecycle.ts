import type { App } from '@slack/bolt'
import type { SlackServices } from '../services.ts'

/** The app was removed from a workspace, or its tokens were revoked: what was stored of them goes. */
export function listenToLifecycle(app: App, services: SlackServices): void {
  for (const name of ['app_uninstalled', 'tokens_revoked'] as const) {
    app.event(name, async ({ event, body }) => {
      const {
        team_id: team,
        enterprise_id: enterprise,
        is_enterprise_install: isEnterprise,
      } = body as {
        team_id?: string
        enterprise_id?: string
        is_enterprise_install?: boolean
      }
      const tokens = (event as { tokens?: { bot?: string[] } }).tokens
      // a revoked user token is none of ours
      if (name === 'tokens_revoked' && (tokens?.bot ?? []).length === 0) return
      services.deps.log.info('the app was removed from a workspace', { team, name })
      if (team !== undefined) services.clients.forget(team)
      await services.installations?.deleteInstallation?.({
        teamId: team,
        enterpriseId: enterprise,
        isEnterpriseInstall: isEnterprise === true,
      } as never)
    })
  }
}
