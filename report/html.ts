import { examplesSection } from './html/examples.ts'
import { freeQueriesSection } from './html/free-queries.ts'
import { groupsSection, languagesSection, teacherAgreementSection } from './html/languages.ts'
import { html } from './html/markup.ts'
import { renderPage } from './html/page.ts'
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

/** `report.html`: one page that needs nothing else (see renderPage). Sections without data are left out. */
export async function renderHtml(report: Report, material: ReportMaterial = {}): Promise<string> {
  const { distilingual } = report.provenance.versions
  return renderPage({
    title: material.title ?? 'Report',
    intro: html`${lead(report)}
${summary(report)}`,
    sections: await sectionsOf(report, material),
    footer: html`Made by distilingual${distilingual && ` ${distilingual}`}.`,
  })
}

async function sectionsOf(report: Report, material: ReportMaterial): Promise<Section[]> {
  const sections = [
    freeQueriesSection(report, material.freeQueries ?? []),
    await recallSection(report),
    await sizesSection(report),
    await trainingSection(material.training ?? []),
    teacherAgreementSection(report),
    languagesSection(report),
    groupsSection(report),
    zeroShotSection(report, material.confusions ?? []),
    examplesSection(material.examples ?? []),
    similaritySection(material.similarities ?? []),
    dataSection(report),
    reproduceSection(report),
  ]
  return sections.filter((section) => section !== undefined)
}
