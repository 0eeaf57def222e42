import type { Report } from '../schema.ts'
import { groupRecalls, groupTable } from '../tables/groups.ts'
import { agreementTable, gapTable } from '../tables/languages.ts'
import { teacherAgreementTable } from '../tables/teacher-agreement.ts'
import { html } from './markup.ts'
import type { Section } from './section.ts'
import { table } from './table.ts'

/** The gap between languages, how alike two of them rank the same images, and how near translations lie. */
export function languagesSection(report: Report): Section | undefined {
  const [gaps, agreement] = [gapTable(report), agreementTable(report)]
  if (!gaps && !agreement) return undefined
  return {
    id: 'languages',
    title: 'Between languages',
    body: html`${gaps && html`<h3>Gap</h3>${table(gaps)}`}${agreement && html`<h3>Agreement</h3>${table(agreement)}`}`,
  }
}

/** How alike students and teacher rank pictures that nobody has captioned. */
export function teacherAgreementSection(report: Report): Section | undefined {
  const agreement = teacherAgreementTable(report)
  return agreement && { id: 'teacher-agreement', title: 'Agreement with the teacher', body: table(agreement) }
}

/** Recall by group of images: models side by side, then all of it. */
export function groupsSection(report: Report): Section | undefined {
  const [groups, recalls] = [groupTable(report), groupRecalls(report)]
  if (!groups || !recalls) return undefined
  return {
    id: 'groups',
    title: 'Recall by group',
    body: html`${table(groups)}<details><summary>Recall at 1, 5 and 10 by group</summary>${table(recalls)}</details>`,
  }
}
