import type { CheckReport } from '../corpora/check/check.ts'
import { languageName, thousands } from './format.ts'

/** What `check` prints: counts, then each finding with its first places. */
export function checkLines({ corpus, format, splits, findings }: CheckReport): string[] {
  const counts = Object.entries(splits).flatMap(([split, { images, languages }]) => [
    `${split}: ${thousands(images)} images`,
    ...Object.entries(languages).map(([language, { captions, images, characters, tokens }]) => {
      const cut = tokens ? `; ${tokens.median} tokens, at most ${tokens.most}, ${thousands(tokens.cut)} cut` : ''
      return `  ${languageName(language)}: ${thousands(captions)} captions of ${thousands(images)} images; ${characters[1]} characters, at most ${characters[2]}${cut}`
    }),
  ])
  const found = findings.flatMap(({ kind, severity, cause, fix, count, examples }) => [
    `${severity}: ${kind} (${thousands(count)}). ${cause} ${fix}`,
    ...examples.slice(0, 3).map(({ where, got }) => `  ${where}: ${got}`),
  ])
  return [`${corpus}: ${format}`, ...counts, ...(found.length > 0 ? found : ['no findings'])]
}
