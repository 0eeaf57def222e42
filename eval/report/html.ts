import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { examplesSection } from './html/examples.ts'
import { consistencySection, groupsSection } from './html/languages.ts'
import { html, raw } from './html/markup.ts'
import { dataSection, reproduceSection } from './html/provenance.ts'
import { recallSection } from './html/recall.ts'
import type { Section } from './html/section.ts'
import { similaritySection } from './html/similarity.ts'
import { sizesSection } from './html/sizes.ts'
import { lead, summary } from './html/summary.ts'
import { trainingSection } from './html/training.ts'
import { zeroShotSection } from './html/zero-shot.ts'
import type { ReportMaterial } from './material.ts'
import type { Report } from './schema.ts'

/**
 * `report.html`: one page that needs nothing else. Its own policy forbids it the network, and allows no script but the one that sorts
 * tables. Sections without data are left out.
 */
export async function renderHtml(report: Report, material: ReportMaterial = {}): Promise<string> {
  const title = material.title ?? 'Report'
  const [style, script] = await Promise.all(['style.css', 'sort.js'].map((name) => readFile(new URL(`./html/${name}`, import.meta.url), 'utf8')))
  const sections = await sectionsOf(report, material)
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy(script!)}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(style!)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
${lead(report)}
${summary(report)}
<nav aria-label="Sections"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>
<main>
${sections.map(
  ({ id, title, body }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${body}</section>
`,
)}</main>
<footer>Made by distilingual${report.provenance.versions.distilingual && ` ${report.provenance.versions.distilingual}`}.</footer>
<script>${raw(script!)}</script>
</body>
</html>
`
  return page.markup
}

async function sectionsOf(report: Report, material: ReportMaterial): Promise<Section[]> {
  const sections = [
    await recallSection(report),
    await sizesSection(report),
    await trainingSection(material.training ?? []),
    consistencySection(report),
    groupsSection(report),
    zeroShotSection(report, material.confusions ?? []),
    examplesSection(material.examples ?? []),
    similaritySection(material.similarities ?? []),
    dataSection(report),
    reproduceSection(report),
  ]
  return sections.filter((section) => section !== undefined)
}

function policy(script: string): string {
  const hash = createHash('sha256').update(script).digest('base64')
  return `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`
}
