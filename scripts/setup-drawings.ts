/**
 * Draws what Slack shows at each step of docs/slack-setup.md: `npm run drawings:setup`. Drawings, not screenshots: the labels are
 * Slack's, the layout is simplified. Needs Debian's chromium.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBrowser } from '../test/support/browser.ts'

const folder = fileURLToPath(new URL('../docs/pictures/setup', import.meta.url))
const menu = ['Basic Information', 'Install App', 'App Home', 'OAuth & Permissions', 'Event Subscriptions', 'App Manifest']

/** A page of an app's settings: the menu at the left with one entry chosen, the rest beside it. */
function page(chosen: string, body: string): string {
  const entries = menu.map((name) => `<li class="${name === chosen ? 'on' : ''}">${name}</li>`).join('')
  return `<div class="page"><nav><b>PROMPTS</b><ul>${entries}</ul></nav><main>${body}</main></div>`
}
const go = (label: string, mark = '') => `<span class="go">${label}${mark === '' ? '' : `<i>${mark}</i>`}</span>`
const quiet = (label: string) => `<span class="quiet">${label}</span>`
const dialog = (title: string, body: string, ...buttons: string[]) =>
  `<div class="dialog"><h2>${title}</h2>${body}<p class="row">${buttons.join(' ')}</p></div>`

const steps: Record<string, string> = {
  '1-create-an-app': dialog(
    'Create an app',
    `<p>Choose how you'd like to configure your app's scopes and settings.</p>
     <p class="choice on"><b>From a manifest</b><i>1</i><br>Use a manifest file to add your app's basic info, scopes, settings and features.</p>
     <p class="choice"><b>From scratch</b><br>Use our configuration UI.</p>`,
  ),
  '1-paste-the-manifest': dialog(
    'Create app from manifest',
    `<p class="tabs">JSON <b>YAML</b><i>2</i></p><pre>_metadata:
  major_version: 2
display_information:
  name: PROMPTS
  description: Diagnoses TPU jobs and proposes …
features:
  agent_view: …</pre>`,
    quiet('Back'),
    go('Next', '3'),
  ),
  '2-app-level-token': page(
    'Basic Information',
    dialog(
      'Generate an app-level token',
      `<p>Token Name</p><p class="input">socket</p><p>Scopes</p><p class="input">connections:write<i>1</i></p>`,
      quiet('Cancel'),
      go('Generate', '2'),
    ),
  ),
  '3-install': page(
    'Install App',
    `<h2>Install App</h2><p>Install your app to your Slack workspace to test it and generate the tokens you need.</p><p>${go('Install to Workspace', '1')}</p>
     ${dialog('PROMPTS is requesting permission to access your workspace', '<p>What will PROMPTS be able to view?<br>› Content and info about channels &amp; conversations</p><p>What will PROMPTS be able to do?<br>› Perform actions in channels &amp; conversations</p>', quiet('Cancel'), go('Allow', '2'))}`,
  ),
  '3-bot-token': page(
    'Install App',
    `<h2>OAuth Tokens for Your Workspace</h2><p>Bot User OAuth Token</p><p class="input mono">xoxb-1234567890-…<i>3</i></p><p>${quiet('Copy')}</p>`,
  ),
  '7-invite': `<div class="chat"><b># tpu-jobs</b><p><b>Maya</b><br><span class="mono">/invite @prompts</span><i>1</i></p>
     <p class="note">prompts was added to #tpu-jobs by Maya.</p><p><b>Maya</b><br><span class="at">@prompts</span> diagnose llama2-70b-v5p<i>2</i> &nbsp;👀</p></div>`,
}

const style = `body{margin:0;background:#fff;font:15px/1.45 "Noto Sans",sans-serif;color:#1d1c1d}#frame{padding:18px;width:720px;box-sizing:border-box;border:1px solid #ddd}
h2{font-size:19px;margin:0 0 8px}p{margin:6px 0}ul{list-style:none;padding:0;margin:8px 0}.page{display:flex;gap:20px}nav{width:170px;font-size:14px}
nav li{padding:4px 8px;border-radius:5px}nav .on{background:#1164a3;color:#fff}main{flex:1}.dialog{border:1px solid #bbb;border-radius:8px;padding:16px;margin-top:8px}
.go,.quiet{display:inline-block;padding:6px 14px;border-radius:5px;font-weight:600}.go{background:#007a5a;color:#fff}.quiet{border:1px solid #999}.row{text-align:right}
.choice{border:1px solid #ccc;border-radius:6px;padding:10px}.choice.on{border:2px solid #1164a3}.input{border:1px solid #999;border-radius:5px;padding:6px 10px}
pre,.mono{font-family:"Noto Sans Mono","DejaVu Sans Mono",monospace;font-size:13px}pre{background:#f4f4f4;padding:10px;border-radius:5px;margin:6px 0}.tabs{color:#666}
i{display:inline-block;min-width:20px;text-align:center;margin-left:8px;border-radius:11px;background:#c4314b;color:#fff;font-style:normal;font-weight:700;font-size:13px;line-height:21px}
.chat{padding:4px}.note{color:#616061}.at{background:#e8f5fa;color:#1264a3;border-radius:3px;padding:0 2px}`

await mkdir(folder, { recursive: true })
const browser = await openBrowser()
try {
  const drawn = await browser.newPage({ viewport: { width: 760, height: 700 } })
  for (const [name, body] of Object.entries(steps)) {
    await drawn.setContent(`<style>${style}</style><div id="frame">${body}</div>`)
    await writeFile(join(folder, `${name}.png`), await drawn.locator('#frame').screenshot())
    console.log(`docs/pictures/setup/${name}.png`)
  }
} finally {
  await browser.close()
}
