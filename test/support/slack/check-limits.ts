import { limits } from '../../../src/slack/blocks/limits.ts'

type Json = Record<string, unknown>

/** A message or view as it is sent; anything Slack would refuse, each named with where it stands. Empty: Slack takes it. */
export function checkLimits(sent: {
  text?: unknown
  blocks?: unknown
  metadata?: unknown
  type?: unknown
  [key: string]: unknown
}): string[] {
  const problems: string[] = []
  const isView = sent.type === 'home' || sent.type === 'modal'
  const say = (where: string, what: string) => problems.push(`${where}: ${what}`)
  const most = (where: string, value: unknown, max: number, min = 1) => {
    const length = typeof value === 'string' ? value.length : -1
    if (length < min) say(where, 'text is missing or empty')
    if (length > max) say(where, `${length} characters, ${max} allowed`)
  }
  if (!isView) most('text', sent.text, limits.messageText)
  if (isView) checkView(sent, most)
  if (sent.metadata !== undefined) most('metadata', JSON.stringify(sent.metadata), limits.metadata)

  const blocks = Array.isArray(sent.blocks) ? (sent.blocks as Json[]) : []
  const maxBlocks = isView ? limits.viewBlocks : limits.messageBlocks
  if (blocks.length > maxBlocks) say('blocks', `${blocks.length}, ${maxBlocks} allowed`)
  const ids = blocks.map((block) => block.block_id).filter((id) => id !== undefined)
  if (new Set(ids).size !== ids.length) say('blocks', 'the same block_id twice')
  const count = (type: string) => blocks.filter((block) => block.type === type).length
  if (count('table') > limits.tables) say('blocks', `${count('table')} tables, ${limits.tables} allowed`)
  if (count('data_visualization') > limits.charts) say('blocks', `${count('data_visualization')} charts, ${limits.charts} allowed`)
  for (const [at, block] of blocks.entries()) checkBlock(`blocks[${at}] ${String(block.type)}`, block, { say, most })
  if (!isView) {
    const all = textLength(blocks)
    if (all > limits.allText) say('blocks', `${all} characters in all, about ${limits.allText} allowed`)
  }
  return problems
}

interface Tools {
  say: (where: string, what: string) => void
  most: (where: string, value: unknown, max: number, min?: number) => void
}

function checkView(view: Json, most: Tools['most']): void {
  if (view.type === 'modal') most('title', (view.title as Json | undefined)?.text, limits.viewTitle)
  for (const name of ['submit', 'close']) {
    if (view[name] !== undefined) most(name, (view[name] as Json).text, limits.viewTitle)
  }
  if (view.callback_id !== undefined) most('callback_id', view.callback_id, limits.callbackId)
  if (view.private_metadata !== undefined) most('private_metadata', view.private_metadata, limits.privateMetadata, 0)
}

function checkBlock(where: string, block: Json, tools: Tools): void {
  const { say, most } = tools
  if (block.block_id !== undefined) most(`${where} block_id`, block.block_id, limits.blockId)
  switch (block.type) {
    case 'section': {
      if (block.text === undefined && block.fields === undefined) say(where, 'neither text nor fields')
      if (block.text !== undefined) most(where, (block.text as Json).text, limits.sectionText)
      const entries = list(block.fields)
      if (entries.length > limits.fields) say(where, `${entries.length} fields, ${limits.fields} allowed`)
      for (const [at, entry] of entries.entries()) most(`${where} field ${at}`, entry.text, limits.fieldText)
      if (block.accessory !== undefined) checkElement(where, block.accessory as Json, tools)
      return
    }
    case 'header':
      most(where, (block.text as Json).text, limits.header)
      return
    case 'context': {
      const elements = list(block.elements)
      if (elements.length === 0 || elements.length > limits.contextElements) say(where, `${elements.length} elements`)
      for (const [at, element] of elements.entries()) {
        if (element.type === 'image') most(`${where} image ${at}`, element.alt_text, limits.altText)
        else most(`${where} element ${at}`, element.text, limits.contextText)
      }
      return
    }
    case 'actions': {
      const elements = list(block.elements)
      if (elements.length === 0 || elements.length > limits.actionElements) say(where, `${elements.length} elements`)
      const ids = elements.map((element) => element.action_id)
      if (new Set(ids).size !== ids.length) say(where, 'the same action_id twice')
      for (const element of elements) checkElement(where, element, tools)
      return
    }
    case 'context_actions': {
      const elements = list(block.elements)
      if (elements.length === 0 || elements.length > limits.contextActionElements) say(where, `${elements.length} elements`)
      for (const element of elements) {
        for (const side of ['positive_button', 'negative_button']) {
          const choice = element[side] as Json | undefined
          if (choice === undefined) continue
          most(`${where} ${side}`, (choice.text as Json).text, limits.buttonText)
          most(`${where} ${side} value`, choice.value, limits.buttonValue)
        }
      }
      return
    }
    case 'image':
      most(`${where} alt_text`, block.alt_text, limits.altText)
      if (block.title !== undefined) most(`${where} title`, (block.title as Json).text, limits.imageTitle)
      if (block.image_url === undefined && block.slack_file === undefined) say(where, 'no image')
      if (block.image_url !== undefined) most(`${where} image_url`, block.image_url, limits.url)
      return
    case 'table':
      checkTable(where, block, tools)
      return
    case 'data_table':
      most(`${where} caption`, block.caption, limits.altText)
      checkTable(where, block, tools)
      if (Array.isArray(block.rows) && block.rows.length < 2) say(where, 'no row under the head')
      return
    case 'data_visualization':
      checkChart(where, block, tools)
      return
    case 'plan': {
      most(`${where} title`, block.title, limits.planTitle)
      const tasks = list(block.tasks)
      if (tasks.length > limits.tasks) say(where, `${tasks.length} tasks`)
      const ids = tasks.map((task) => task.task_id)
      if (new Set(ids).size !== ids.length) say(where, 'the same task_id twice')
      for (const task of tasks) {
        most(`${where} task`, task.title, limits.taskTitle)
        if (!['pending', 'in_progress', 'complete', 'error'].includes(String(task.status))) say(where, `status ${String(task.status)}`)
      }
      return
    }
    case 'markdown':
      most(where, block.text, limits.markdown)
      return
    case 'input':
      most(`${where} label`, (block.label as Json).text, limits.label)
      checkElement(where, block.element as Json, tools)
      return
    case 'rich_text':
      if (list(block.elements).length === 0) say(where, 'no elements')
      if (textLength(block) === 0) say(where, 'no text')
      return
    case 'divider':
      return
    default:
      say(where, 'a kind of block that no check knows')
  }
}

function checkChart(where: string, block: Json, { say, most }: Tools): void {
  most(`${where} title`, block.title, limits.chartTitle)
  const chart = (block.chart ?? {}) as Json
  if (chart.type !== 'bar') say(where, `chart ${String(chart.type)} that no check knows`)
  const axis = (chart.axis_config ?? {}) as { categories?: unknown; x_label?: unknown; y_label?: unknown }
  const categories = Array.isArray(axis.categories) ? (axis.categories as unknown[]) : []
  for (const label of [axis.x_label, axis.y_label]) if (label !== undefined) most(`${where} axis`, label, limits.chartTitle)
  for (const category of categories) most(`${where} category`, category, limits.chartLabel)
  const series = list(chart.series)
  if (series.length === 0 || series.length > limits.chartSeries) say(where, `${series.length} series`)
  if (new Set(series.map(({ name }) => name)).size !== series.length) say(where, 'the same series twice')
  for (const { name, data } of series) {
    most(`${where} series`, name, limits.chartLabel)
    const points = list(data)
    if (JSON.stringify(points.map(({ label }) => label)) !== JSON.stringify(categories)) say(where, 'points that are not the categories')
    if (!points.every(({ value }) => Number.isFinite(value))) say(where, 'a value that is no number')
  }
}

function checkTable(where: string, block: Json, { say, most }: Tools): void {
  const rows = Array.isArray(block.rows) ? (block.rows as Json[][]) : []
  const mostRows = block.type === 'data_table' ? limits.dataTableRows : limits.tableRows
  if (rows.length === 0 || rows.length > mostRows) say(where, `${rows.length} rows`)
  let characters = 0
  for (const [at, row] of rows.entries()) {
    if (row.length > limits.tableColumns) say(where, `${row.length} columns in row ${at}`)
    if (row.length !== rows[0]?.length) say(where, `row ${at} has ${row.length} cells, the first ${rows[0]?.length}`)
    for (const cell of row) {
      if (cell.type === 'raw_number' && !Number.isFinite(cell.value)) say(`${where} row ${at}`, 'a value that is no number')
      if (cell.type === 'raw_text' || cell.type === 'raw_number') most(`${where} row ${at}`, cell.text, limits.tableText)
      characters += textLength(cell)
    }
  }
  if (characters > limits.tableText) say(where, `${characters} characters, ${limits.tableText} allowed`)
}

function checkElement(where: string, element: Json, { say, most }: Tools): void {
  most(`${where} action_id`, element.action_id, limits.actionId)
  if (element.type === 'button') {
    most(`${where} button`, (element.text as Json).text, limits.buttonText)
    if (element.value !== undefined) most(`${where} button value`, element.value, limits.buttonValue)
    if (element.url !== undefined) most(`${where} button url`, element.url, limits.url)
    return
  }
  if (element.placeholder !== undefined) most(`${where} placeholder`, (element.placeholder as Json).text, limits.placeholder)
  for (const option of list(element.options)) most(`${where} option`, (option.text as Json).text, limits.optionText)
  if (element.type !== 'plain_text_input' && element.type !== 'overflow' && element.type !== 'static_select') {
    say(where, `element ${String(element.type)} that no check knows`)
  }
}

/** Every text under blocks, added up. */
function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, entry) => sum + textLength(entry), 0)
  if (typeof value !== 'object' || value === null) return 0
  let sum = 0
  for (const [key, entry] of Object.entries(value)) {
    if (typeof entry === 'string') {
      if (key === 'text' || key === 'title' || key === 'alt_text') sum += entry.length
    } else sum += textLength(entry)
  }
  return sum
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : []
}
