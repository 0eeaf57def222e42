import type { ComparedTask, Comparison } from '../../eval/compare.ts'
import { headlineOf } from '../../eval/headline.ts'
import { mean } from '../../eval/metrics.ts'
import { languageName, percent } from '../format.ts'
import type { EvaluatedRun } from '../runs.ts'
import { comparedRecalls, differenceTable, runTable, settingTable, significant } from '../tables/comparison.ts'
import { provenanceFacts } from '../tables/provenance.ts'
import type { ReportTable } from '../tables/table.ts'
import { barPanel } from './bars.ts'
import { html, type Markup } from './markup.ts'
import { renderPage } from './page.ts'
import { code, factList } from './provenance.ts'
import type { Section } from './section.ts'
import { legend, palette } from './series.ts'
import { table } from './table.ts'

/** `comparison.html`: runs side by side on one page that needs nothing else (see renderPage). */
export async function renderComparisonHtml(comparison: Comparison, runs: readonly EvaluatedRun[]): Promise<string> {
  const colours = new Map(runs.map(({ name }, i) => [name, palette(i)]))
  const { distilingual } = runs[0]!.report.provenance.versions
  const tasks = headlineTasks(comparison, runs[0]!.report.headline)
  return renderPage({
    title: `Comparison of ${new Intl.ListFormat('en').format(runs.map(({ name }) => name))}`,
    intro: summary(comparison, runs, tasks),
    sections: [
      await recallSection(comparison, tasks, colours),
      { id: 'differences', title: 'Differences and their significance', body: table(differenceTable(comparison)) },
      tableSection('sizes', 'Size and speed', runTable(runs, comparison)),
      tableSection('settings', 'Settings that differ', settingTable(runs)),
      reproduceSection(runs),
    ].filter((section) => section !== undefined),
    footer: html`Made by distilingual${distilingual && ` ${distilingual}`}.`,
  })
}

/** A card a run: its mean recall over the languages of the headline protocol, and on how many tasks it differs significantly. */
function summary(comparison: Comparison, runs: readonly EvaluatedRun[], headline: ComparedTask[]): Markup {
  const { model, dtype, tasks } = comparison
  const cards = runs.map(({ name }, i) => {
    const recalls = headline.flatMap(({ scores }) => scores.filter(({ run }) => run === name).map(({ metrics }) => metrics.mean_recall))
    const against = tasks.flatMap(({ scores }) => scores.flatMap((score) => (score.run === name && score.against) || []))
    const clear = against.filter(({ adjusted }) => adjusted < significant)
    const better = clear.filter(({ difference }) => difference > 0).length
    const note =
      i === 0 ? 'the others are compared with it' : `of ${against.length} tasks significantly better on ${better}, worse on ${clear.length - better}`
    return html`<div class="card"><h3>${name}</h3><p class="value">${recalls.length > 0 ? percent(mean(recalls)) : '–'} <small>%</small></p><p>${note}</p></div>
`
  })
  return html`<p class="lead">Mean recall of <b>${model} ${dtype}</b> in ${runs.length} runs, each compared with <b>${runs[0]!.name}</b> on the very same queries.</p>
<h2 class="unseen">Summary</h2>
<div class="cards">
${cards}</div>
<p class="note">Mean recall on <strong>${headline[0]!.protocol}</strong> (${headline[0]!.corpus}), mean over ${headline.map(({ language }) => languageName(language)).join(', ')}. Significant: p below ${significant} after correction for all differences on this page.</p>`
}

async function recallSection(comparison: Comparison, headline: ComparedTask[], colours: Map<string, string>): Promise<Section> {
  const bars = (metric: 'mean_recall' | 'text_to_image_R@1' | 'image_to_text_R@1') =>
    headline.flatMap(({ language, scores }) =>
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
  const others = comparison.tasks.filter((task) => !headline.includes(task))
  const more =
    others.length > 0 && html`<details><summary>Other protocols</summary>${table(comparedRecalls('Other protocols, percent', others))}</details>`
  return {
    id: 'recall',
    title: 'Recall in each language',
    body: html`${legend([...colours].map(([label, colour]) => ({ label, colour })))}<div class="panels">${panels}</div>
${table(comparedRecalls(`${headline[0]!.protocol}, percent`, headline))}
${more}`,
  }
}

function tableSection(id: string, title: string, made: ReportTable | undefined): Section | undefined {
  return made && { id, title, body: table(made) }
}

function reproduceSection(runs: readonly EvaluatedRun[]): Section {
  const parts = runs.map(
    ({ name, dir, report }) =>
      html`<h3>${name}</h3>${report.commands?.length && code(report.commands.join('\n'))}${factList([['Folder', dir], ...provenanceFacts(report.provenance)])}`,
  )
  return { id: 'reproduce', title: 'Get this again', body: html`${parts}` }
}

function headlineTasks({ tasks }: Comparison, preferred: readonly string[] | undefined): ComparedTask[] {
  const protocol = headlineOf(
    tasks.map((task) => task.protocol),
    preferred,
  )
  const { corpus } = tasks.find((task) => task.protocol === protocol)!
  return tasks.filter((task) => task.protocol === protocol && task.corpus === corpus)
}
