import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { serveMcp } from '../agents/mcp-server.ts'
import { exitCodes } from '../errors.ts'
import { projectVersion } from '../text/project-version.ts'
import type { Run } from './command.ts'
import { wholeCommands } from './mcp-tools.ts'
import { localTenant, openService } from './open-service.ts'

export const run: Run<'mcp'> = async ({ config, note, signal }) => {
  const opened = await openService(config)
  try {
    note('serving the Model Context Protocol on stdin and stdout')
    // the transport does not tell when its client has gone
    const gone = new AbortController()
    process.stdin.once('end', () => gone.abort())
    await serveMcp({
      deps: opened.deps,
      more: wholeCommands(opened, localTenant),
      tenant: localTenant,
      version: projectVersion(),
      transport: new StdioServerTransport(),
      signal: AbortSignal.any([signal, gone.signal]),
    })
    return exitCodes.ok
  } finally {
    await opened.close()
  }
}
