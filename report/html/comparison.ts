import { type ComparedScore, type ComparedTask, type Comparison, skippedNotes } from '../../eval/compare.ts'
import { headlineOf } from '../../eval/headline.ts'
import { mean, recallNames } from '../../eval/metrics.ts'
import { languageName, megabytes, parameterCount, percent, percentInterval, rank, thousands, totalParameters } from '../format.ts'
import type { EvaluatedRun } from '../runs.ts'
import type { Report } from '../schema.ts'
import { settingDifferences } from '../settings.ts'
import { barPanel } from './bars.ts'
import { html, type Markup, type Piece } from './markup.ts'
import { renderPage } from './page.ts'
import { code } from './provenance.ts'
import type { Section } from './section.ts'
import { legend, palette } from './series.ts'
import { type Cell, type Column, table } from './table.ts'

/** Differences with a corrected p below this are called significant. */
const significant = 0.05

/** `comparison.html`: runs side by side on one page that needs nothing else (see renderPage). */
export async function renderComparisonHtml(comparison: Comparison, runs: readonly EvaluatedRun[]): Promise<string> {
  const colours = new Map(runs.map(({ name }, i) => [name, palette(i)]))
  const { distilingual } = runs[0]!.report.provenance.versions
  return renderPage({
    title: `Comparison of ${new Intl.ListFormat('en').format(runs.map(({ name }) => name))}`,
    intro: summary(comparison, runs),
    sections: [
      await recallSection(comparison, colours),
      differenceSection(comparison),
      sizesSection(comparison, runs),
      settingsSection(runs),
      reproduceSection(runs),
    ].filter((section) => section !== undefined),
    footer: html`Made by distilingual${distilingual && ` ${distilingual}`}.`,
  })
}

/** A card a run: its mean recall over the languages of the headline protocol, and on how many tasks it differs significantly. */
function summary(comparison: Comparison, runs: readonly EvaluatedRun[]): Markup {
  const shown = headlineTasks(comparison)
  const { model, dtype, tasks } = comparison
  const cards = runs.map(({ name }, i) => {
    const recalls = shown.flatMap(({ scores }) => scores.filter(({ run }) => run === name).map(({ metrics }) => metrics.mean_recall))
    const against = tasks.flatMap(({ scores }) => scores.flatMap((score) => (score.run === name && score.against) || []))
    const clear = against.filter(({ adjusted }) => adjusted < significant)
    const better = clear.filter(({ difference }) => difference > 0).length
    const note =
      i === 0 ? 'the others are held against it' : `of ${against.length} tasks significantly better on ${better}, worse on ${clear.length - better}`
    return html`<div class="card"><h3>${name}</h3><p class="value">${recalls.length > 0 ? percent(mean(recalls)) : '–'} <small>%</small></p><p>${note}</p></div>
`
  })
  return html`<p class="lead">Mean recall of <b>${model} ${dtype}</b> in ${runs.length} runs, each held against <b>${runs[0]!.name}</b> on the very same queries.</p>
<h2 class="unseen">Summary</h2>
<div class="cards">
${cards}</div>
<p class="note">Mean recall on <strong>${shown[0]!.protocol}</strong> (${shown[0]!.corpus}), mean over ${shown.map(({ language }) => languageName(language)).join(', ')}. Significant: p below ${significant} after correction for all differences on this page.</p>`
}

async function recallSection(comparison: Comparison, colours: Map<string, string>): Promise<Section> {
  const shown = headlineTasks(comparison)
  const bars = (metric: 'mean_recall' | 'text_to_image_R@1' | 'image_to_text_R@1') =>
    shown.flatMap(({ language, scores }) =>
      scores.map(({ run, metrics, interval }) => ({
        group: languageName(language),
        series: run,
        colour: colours.get(run)!,
        value: metrics[metric],
        ...(metric === 'mean_recall' ? { interval } : {}),
      })),
    )
  const panels = [
    await barPanel('Mean recall, %', bars('mean_recall')),
    await barPanel('Text to image, recall@1, %', bars('text_to_image_R@1')),
    await barPanel('Image to text, recall@1, %', bars('image_to_text_R@1')),
  ]
  const columns: Column[] = [
    { title: 'Run', isText: true },
    { title: 'Protocol', isText: true },
    { title: 'Language', isText: true },
    ...recallNames().map((name) => ({ title: name.replace('text_to_image_R@', 'T→I ').replace('image_to_text_R@', 'I→T '), about: name })),
    { title: 'Mean', about: 'mean recall: the mean of the six' },
    { title: '95 %', about: 'bootstrap interval of the mean recall' },
    { title: 'Rank', about: 'median rank, mean of both directions' },
  ]
  const rowsOf = ({ protocol, language, scores }: ComparedTask): Cell[][] =>
    scores.map(({ run, metrics, interval }) => [
      run,
      protocol,
      languageName(language),
      ...recallNames().map((name) => percent(metrics[name])),
      percent(metrics.mean_recall),
      { show: percentInterval(interval), value: interval[0] },
      rank(metrics.median_rank),
    ])
  const others = comparison.tasks.filter((task) => !shown.includes(task))
  return {
    id: 'recall',
    title: 'Recall in each language',
    body: html`${legend([...colours].map(([label, colour]) => ({ label, colour })))}<div class="panels">${panels}</div>
${table(`${shown[0]!.protocol}, percent`, columns, shown.flatMap(rowsOf))}
${others.length > 0 && html`<details><summary>Other protocols</summary>${table('Other protocols, percent', columns, others.flatMap(rowsOf))}</details>`}`,
  }
}

function differenceSection(comparison: Comparison): Section {
  const { tasks } = comparison
  const runs = [...new Set(tasks.flatMap(({ scores }) => scores.map(({ run }) => run)))].slice(1)
  const columns: Column[] = [
    { title: 'Run', isText: true },
    { title: 'Protocol', isText: true },
    { title: 'Language', isText: true },
    { title: 'n', about: 'image to text queries' },
    { title: 'Δ', about: 'mean recall minus the first run’s, in points' },
    { title: '95 %', about: 'interval of the difference' },
    { title: 'p', about: 'two-sided, corrected for all differences of the table' },
    { title: 'Verdict', isText: true },
  ]
  const body = runs.flatMap((run) =>
    tasks.flatMap(({ protocol, language, queries, scores }): Cell[][] => {
      const against = scores.find((score) => score.run === run)?.against
      if (!against) return []
      const { difference, interval, adjusted } = against
      return [
        [
          run,
          protocol,
          languageName(language),
          thousands(queries),
          { show: signed(difference), value: difference },
          { show: `${signed(interval[0])} … ${signed(interval[1])}`, value: interval[0] },
          { show: adjusted < 0.001 ? '< 0.001' : adjusted.toFixed(3), value: adjusted },
          verdict(against),
        ],
      ]
    }),
  )
  const left = skippedNotes(comparison).map((note) => html`<li>${note}</li>`)
  return {
    id: 'differences',
    title: 'Differences and their significance',
    body: html`<p class="note">Paired bootstrap: the same images are drawn for both runs, each with its captions, so that what is hard for both cancels out. p is two-sided and corrected for all differences (Holm).</p>
${table('Mean recall against the first run, points', columns, body)}${left.length > 0 && html`<details><summary>What could not be compared</summary><ul>${left}</ul></details>`}`,
  }
}

function sizesSection({ model }: Comparison, runs: readonly EvaluatedRun[]): Section | undefined {
  const columns: Column[] = [
    { title: 'Run', isText: true },
    { title: 'Format', isText: true },
    { title: 'Size' },
    { title: 'Parameters' },
    { title: 'ms / image', about: 'median time for one image' },
    { title: 'ms / text', about: 'median time for one text' },
    { title: 'Minutes', about: 'of the command that wrote the report' },
  ]
  const body = runs.flatMap(({ name, report }): Cell[][] => {
    const facts = report.models[model as keyof Report['models']]
    if (!facts) return []
    return Object.entries(facts.bytes).map(([dtype, bytes]) => {
      const time = facts.latency?.[dtype as 'fp32']
      const parameters = totalParameters(facts)
      return [
        name,
        dtype,
        { show: megabytes(bytes), value: bytes },
        { show: parameterCount(parameters), value: parameters },
        time ? time.image.toFixed(2) : '–',
        time ? time.text.toFixed(2) : '–',
        report.provenance.minutes.toFixed(1),
      ]
    })
  })
  return body.length === 0 ? undefined : { id: 'sizes', title: 'Size and speed', body: table(`${model}, both towers`, columns, body) }
}

function settingsSection(runs: readonly EvaluatedRun[]): Section | undefined {
  const differences = settingDifferences(runs)
  if (differences.length === 0) return undefined
  const columns: Column[] = [{ title: 'Setting', isText: true }, ...runs.map(({ name }) => ({ title: name, isText: true }))]
  return {
    id: 'settings',
    title: 'Settings that differ',
    body: table(
      'Settings that are the same are left out',
      columns,
      differences.map(({ name, values }) => [name, ...values]),
    ),
  }
}

function reproduceSection(runs: readonly EvaluatedRun[]): Section {
  const parts = runs.map(({ name, dir, report }) => {
    const { commit, dirty, seed, machine } = report.provenance
    const facts: [string, Piece][] = [
      ['Folder', dir],
      ['Seed', seed],
      ['Commit', `${commit ?? 'unknown'}${dirty ? ' with local changes' : ''}`],
      ['Machine', `${machine.cpu}, ${machine.cores} cores, ${machine.platform}`],
    ]
    return html`<h3>${name}</h3>${report.commands?.length && code(report.commands.join('\n'))}<dl>${facts.map(([title, value]) => html`<dt>${title}</dt><dd>${value}</dd>`)}</dl>`
  })
  return { id: 'reproduce', title: 'Get this again', body: html`${parts}` }
}

function headlineTasks({ tasks }: Comparison): ComparedTask[] {
  const protocol = headlineOf(tasks.map((task) => task.protocol))
  const { corpus } = tasks.find((task) => task.protocol === protocol)!
  return tasks.filter((task) => task.protocol === protocol && task.corpus === corpus)
}

function verdict({ difference, adjusted }: NonNullable<ComparedScore['against']>): string {
  if (adjusted >= significant) return 'not significant'
  return difference > 0 ? 'better' : 'worse'
}

function signed(fraction: number): string {
  return `${fraction < 0 ? '−' : '+'}${percent(Math.abs(fraction))}`
}
