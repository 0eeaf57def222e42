import sharp from 'sharp'
import type { CheckReport } from '../../corpora/check/check.ts'
import type { Sample } from '../../corpora/sample.ts'
import { languageName, thousands } from '../format.ts'
import { html, type Markup } from './markup.ts'
import { renderPage } from './page.ts'

/** `check.html`: counts, findings with their places, and the first samples to look at. */
export async function renderCheck(report: CheckReport, samples: readonly Sample[]): Promise<string> {
  const faults = report.findings.filter(({ severity }) => severity === 'fault')
  const total = faults.reduce((sum, { count }) => sum + count, 0)
  return renderPage({
    title: `Check of ${report.corpus}`,
    intro: html`<p>${report.format}. ${total === 0 ? 'No faults.' : `${thousands(total)} faults of ${faults.length} kinds.`}</p>`,
    sections: [
      { id: 'counts', title: 'What is there', body: counts(report) },
      { id: 'findings', title: 'Findings', body: findings(report) },
      { id: 'samples', title: 'The first samples', body: html`<ul class="examples">${await Promise.all(samples.map(card))}</ul>` },
    ],
    footer: html`Made by distilingual.`,
  })
}

function counts({ splits }: CheckReport): Markup {
  const rows = Object.entries(splits).flatMap(([split, { languages }]) =>
    Object.entries(languages).map(([language, { captions, images, characters, tokens }]) => {
      const cells = [
        thousands(images),
        thousands(captions),
        characters.join(' / '),
        tokens ? `${tokens.median} / ${tokens.most}` : '–',
        tokens?.cut ?? '–',
      ]
      return html`<tr><th scope="row">${split} ${languageName(language)}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`
    }),
  )
  const head = ['split', 'images', 'captions', 'characters: least / median / most', 'tokens: median / most', 'cut'].map(
    (title) => html`<th>${title}</th>`,
  )
  return html`<table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table>`
}

function findings({ findings }: CheckReport): Markup {
  if (findings.length === 0) return html`<p>None.</p>`
  return html`${findings.map(
    ({ kind, severity, cause, fix, count, examples }) => html`<h3>${kind} <small>${severity}, ${thousands(count)}</small></h3>
<p>${cause} ${fix}</p>
<ul>${examples.map(({ where, got }) => html`<li><code>${where}</code> ${got}</li>`)}</ul>`,
  )}`
}

async function card({ id, image, captions }: Sample): Promise<Markup> {
  const thumbnail = await image
    .read()
    .then((bytes) => sharp(bytes).autoOrient().resize(160, 160, { fit: 'inside' }).webp({ quality: 70 }).toBuffer())
    .catch(() => undefined)
  const picture = thumbnail ? html`<img alt="" src="data:image/webp;base64,${thumbnail.toString('base64')}">` : html`<em>unreadable</em>`
  const texts = Object.entries(captions).flatMap(([language, list]) => list.map((text) => html`<br><span lang="${language}">${text}</span>`))
  return html`<li>${picture}<br><code>${id}</code>${texts}</li>`
}
