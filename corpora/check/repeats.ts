import type { Sample, Split } from '../sample.ts'
import { type Findings, note } from './findings.ts'

const leak = note(
  'caption in several splits',
  'A caption that is trained on is asked for, too.',
  'Where it was written for one thing, keep it in one split.',
)
const repeated = note(
  'caption of many images',
  'Each of these images counts as right for it.',
  'Write what tells the images apart, or give them one class.',
)
const imbalance = note(
  'uneven classes',
  'The largest class has more than ten times the images of the middle one.',
  'Draw fewer of the largest, or collect more of the others.',
)

export interface RepeatCheck {
  add(sample: Sample, split: Split, where: string): void
  finish(where: string): void
}

/** Captions that several images or splits share, and classes of unlike size. */
export function checkRepeats(findings: Findings): RepeatCheck {
  const met = new Map<string, { split: Split; where: string; images: number }>()
  const classes = new Map<string, number>()
  return {
    add({ captions, classId }, split, where) {
      if (classId !== undefined) classes.set(classId, (classes.get(classId) ?? 0) + 1)
      for (const [language, texts] of Object.entries(captions)) {
        for (const text of new Set(texts)) {
          const key = `${language}: ${text}`
          const before = met.get(key)
          if (!before) met.set(key, { split, where, images: 1 })
          else if (before.split !== split) findings.add(leak, where, `${key} (${split}), as in ${before.where} (${before.split})`)
          if (before) before.images++
        }
      }
    },
    finish(where) {
      for (const [key, { images, where }] of met) if (images >= 5) findings.add(repeated, where, `${key}: ${images} images`)
      const sizes = [...classes].sort(([, a], [, b]) => b - a)
      const [largest] = sizes
      const middle = sizes[sizes.length >> 1]
      if (largest && middle && largest[1] > 10 * middle[1])
        findings.add(imbalance, where, `${largest[0]}: ${largest[1]} images; ${middle[0]}: ${middle[1]}`)
    },
  }
}
