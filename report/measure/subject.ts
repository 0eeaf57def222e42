import type { ModelEntry } from './model-entry.ts'

/** The model that pictures and confusions are of: the student in its most precise format, else the first model. */
export function subjectOf(measured: readonly { entry: ModelEntry }[]): ModelEntry | undefined {
  const students = measured.filter(({ entry }) => entry.model === 'student')
  return (students.find(({ entry }) => entry.dtype === 'fp32') ?? students[0] ?? measured[0])?.entry
}
