import type { DataTableBlock, RawNumberElement, RawTextElement } from '@slack/types'
import { limits } from './limits.ts'
import { clip } from './text.ts'

/** One kind of bar of a chart: a value for each of its categories. */
export interface Series {
  name: string
  values: readonly number[]
}

/** Slack's bar chart. @see https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block */
export interface DataVisualizationBlock {
  type: 'data_visualization'
  title: string
  chart: {
    type: 'bar'
    series: { name: string; data: { label: string; value: number }[] }[]
    axis_config: { categories: string[]; x_label?: string; y_label?: string }
  }
}

/** Bars beside each other for each category, readable in dark mode and by screen readers. Null where there is nothing to draw. */
export function barChart(input: {
  title: string
  categories: readonly string[]
  series: readonly Series[]
  yLabel: string
}): DataVisualizationBlock | null {
  const categories = input.categories.slice(0, limits.chartCategories).map((label) => clip(label, limits.chartLabel))
  const series = input.series
    .filter(({ values }) => values.some((value) => value > 0) && values.every(Number.isFinite))
    .slice(0, limits.chartSeries)
  if (categories.length === 0 || series.length === 0) return null
  return {
    type: 'data_visualization',
    title: clip(input.title, limits.chartTitle),
    chart: {
      type: 'bar',
      series: series.map(({ name, values }) => ({
        name: clip(name, limits.chartLabel),
        data: categories.map((label, at) => ({ label, value: values[at] ?? 0 })),
      })),
      axis_config: { categories, y_label: clip(input.yLabel, limits.chartTitle) },
    },
  }
}

/** A cell that sorts as a number and shows as words. */
export function numberCell(value: number, text: string): RawNumberElement {
  return { type: 'raw_number', value, text }
}

export function textCell(text: string): RawTextElement {
  return { type: 'raw_text', text: text === '' ? '–' : text }
}

/**
 * A table that people can sort and page through; the first row is its head. @see
 * https://docs.slack.dev/reference/block-kit/blocks/data-table-block
 */
export function dataTable(
  caption: string,
  head: readonly string[],
  rows: readonly (RawTextElement | RawNumberElement)[][],
): DataTableBlock {
  return {
    type: 'data_table',
    caption: clip(caption, limits.chartTitle),
    page_size: Math.min(Math.max(1, rows.length), limits.dataTablePage),
    rows: [head.map(textCell), ...rows.slice(0, limits.tableRows)].map((row) => row.slice(0, limits.tableColumns)),
  }
}
