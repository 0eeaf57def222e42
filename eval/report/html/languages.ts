import { recallNames } from '../../metrics.ts'
import { languageName, percent } from '../format.ts'
import type { Report } from '../schema.ts'
import { html } from './markup.ts'
import type { Section } from './section.ts'
import { type Cell, type Column, table } from './table.ts'

const pairColumns: Column[] = [
  { title: 'Model', isText: true },
  { title: 'Languages', isText: true },
  { title: 'Same first', about: 'overlap@1: how often both languages put the same image first' },
  { title: 'Of 5', about: 'overlap@5: share of the first five images that both have' },
  { title: 'Of 10', about: 'overlap@10' },
  { title: 'NDCG 20', about: 'how well one ranking keeps the order of the other, over the first 20' },
  { title: 'Text → text', about: 'recall@1 of the translation, first language to second' },
  { title: '← back', about: 'recall@1 of the translation, second language to first' },
]

/** How alike two languages rank the same images, and how near translations lie. */
export function consistencySection({ consistency = [] }: Report): Section | undefined {
  if (consistency.length === 0) return undefined
  const body: Cell[][] = consistency.map(({ model, dtype, languages, metrics }) => [
    dtype === 'fp32' ? model : `${model} ${dtype}`,
    languages.map(languageName).join(' – '),
    ...(['overlap@1', 'overlap@5', 'overlap@10', 'ndcg@20', 'text_to_text_R@1', 'text_to_text_R@1_reverse'] as const).map((name) =>
      percent(metrics[name]),
    ),
  ])
  const note = html`<p class="note">A caption and its translation should find the same images in the same order, right or wrong. Percent.</p>`
  const protocols = [...new Set(consistency.map(({ protocol }) => protocol))].join(', ')
  return { id: 'consistency', title: 'Agreement between languages', body: html`${note}${table(protocols, pairColumns, body)}` }
}

/** Recall by group of images. */
export function groupsSection({ groups = [] }: Report): Section | undefined {
  if (groups.length === 0) return undefined
  const columns: Column[] = [
    { title: 'Group', isText: true },
    { title: 'Model', isText: true },
    { title: 'Language', isText: true },
    { title: 'Images' },
    ...recallNames().map((name) => ({ title: name.replace('text_to_image_R@', 'T→I ').replace('image_to_text_R@', 'I→T '), about: name })),
    { title: 'Mean' },
  ]
  const body: Cell[][] = groups.map(({ group, model, dtype, language, queries, metrics }) => [
    group,
    dtype === 'fp32' ? model : `${model} ${dtype}`,
    languageName(language),
    queries,
    ...recallNames().map((name) => percent(metrics[name])),
    percent(metrics.mean_recall),
  ])
  const protocols = [...new Set(groups.map(({ protocol }) => protocol))].join(', ')
  return { id: 'groups', title: 'Recall by group', body: table(`${protocols}, percent, in the whole gallery`, columns, body) }
}
