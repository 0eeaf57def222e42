import type { ReportMaterial } from '../../report/material.ts'
import type { FreeQueryRow, Report } from '../../report/schema.ts'
import { exampleReport } from './example.ts'

/** A green square of one pixel. */
const url = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgaGgAAAGEAQGF8fnJAAAAAElFTkSuQmCC'
const picture = (label: string) => ({ url, label })

/** The example report with every optional part. */
export function fullReport(): Report {
  const report = exampleReport()
  report.models.student!.latency = { fp32: { image: 2.5, text: 1.25 }, q8: { image: 1.5, text: 0.75 } }
  report.results.push({ ...report.results[0]!, dtype: 'q8', retention: 0.72 })
  const task = { model: 'student', dtype: 'fp32', corpus: 'emoji', protocol: 'unseen-style/openmoji' } as const
  report.results.push({ ...report.results[0]!, protocol: 'unseen-concepts/200' }, { ...report.results[1]!, protocol: 'unseen-phrasing/emojilib' })
  report.headline = ['unseen-style/openmoji', 'free-queries', 'unseen-concepts/200']
  const score = (value: number) => ({ 'precision@5': value, 'hit@5': value + 0.3, 'ndcg@10': value + 0.05 })
  const free = { dtype: 'fp32', corpus: 'emoji', protocol: 'free-queries', language: 'en', gallery: 1494 } as const
  const interval95 = { 'precision@5': [0.35, 0.45], 'hit@5': [0.65, 0.75], 'ndcg@10': [0.4, 0.5] } satisfies FreeQueryRow['interval95']
  const chance = { 'precision@5': 0.012, 'hit@5': 0.06, 'ndcg@10': 0.013 }
  const retention = { 'precision@5': 0.8, 'hit@5': 0.875 }
  report.freeQueries = [
    { ...free, model: 'teacher', queries: 104, metrics: score(0.5), chance, interval95 },
    { ...free, model: 'student', queries: 104, metrics: score(0.4), chance, interval95, retention },
    { ...free, model: 'teacher', kind: 'place <b>', queries: 13, metrics: score(0.6), chance, interval95 },
    { ...free, model: 'student', kind: 'place <b>', queries: 13, metrics: score(0.45), chance, interval95, retention },
  ]
  report.zeroShot = [
    {
      ...task,
      language: 'zh',
      classes: 'groups',
      count: { images: 6, classes: 3, templates: 6 },
      metrics: { acc1: 0.5, acc5: 1, mean_per_class_recall: 0.5 },
    },
  ]
  report.consistency = [
    {
      ...task,
      languages: ['en', 'zh'],
      queries: 6,
      gallery: 6,
      metrics: {
        'overlap@1': 0.4,
        'overlap@5': 0.5,
        'overlap@10': 0.6,
        'ndcg@20': 0.7,
        'text_to_text_R@1': 0.8,
        'text_to_text_R@5': 0.9,
        'text_to_text_R@10': 1,
        'text_to_text_R@1_reverse': 0.75,
        'text_to_text_R@5_reverse': 0.9,
        'text_to_text_R@10_reverse': 1,
      },
    },
  ]
  report.gaps = [
    { ...task, gap: 0.05, best: 'en', worst: 'zh' },
    { ...task, protocol: 'unseen-style/streamline', gap: 0.02, best: 'zh', worst: 'en' },
  ]
  report.groups = [{ ...task, language: 'en', group: 'food|<drink>', queries: 3, metrics: { 'text_to_image_R@1': 1 / 3 } }]
  return report
}

/** Everything a page can show, with text that would break it if it were not escaped. */
export function fullMaterial(): ReportMaterial {
  const task = { model: 'student', corpus: 'emoji', protocol: 'unseen-style/openmoji' }
  const lines = Array.from({ length: 300 }, (_, i) => ({ step: 10 * (i + 1), loss: 4 / (i + 1), fd: 3 / (i + 1), learningRate: 1e-3 }))
  const validations = [100, 1000, 3000].map((step) => ({
    step,
    validation_mean_recall_en: step / 9000,
    validation_mean_recall_zh: step / 10_000,
    language_gap: 0,
  }))
  return {
    title: 'Tiny <student> & co',
    training: [
      { name: 'Stage 1', lines: [...lines, ...validations] },
      { name: 'Stage 2', lines: [...lines, validations[2]!] },
    ],
    freeQueries: [
      {
        model: 'student',
        protocol: 'free-queries',
        language: 'en',
        queries: Array.from({ length: 10 }, (_, i) => ({
          text: `something <i>to drink</i> ${i}`,
          kind: 'situation',
          hits: [1, 2, 3, 4, 5].map((rank) => ({
            rank,
            score: 0.5 - rank / 100,
            isRight: rank % 2 === 1,
            picture: picture(`openmoji/${rank}`),
            label: `openmoji/${rank}`,
          })),
        })),
      },
    ],
    examples: [
      {
        ...task,
        language: 'zh',
        worst: [
          {
            direction: 'text_to_image',
            query: { text: '<b>狗脸</b>' },
            rank: 1001,
            gallery: 1194,
            hits: [1, 2, 3, 4, 5].map((rank) => ({
              rank,
              score: 0.5 - rank / 100,
              isRight: false,
              picture: picture(`错 ${rank}`),
              label: `错 ${rank}`,
            })),
            missed: { rank: 1001, score: 0.1, isRight: true, picture: picture('狗脸'), label: '狗脸' },
          },
        ],
        best: [
          {
            direction: 'image_to_text',
            query: { picture: picture('雪山') },
            rank: 1,
            gallery: 1194,
            hits: [{ rank: 1, score: 0.9, isRight: true, label: '雪山' }],
          },
        ],
      },
    ],
    confusions: [
      {
        ...task,
        language: 'zh',
        kind: 'groups',
        classes: ['动物', '食物', '旗帜'],
        counts: [
          [2, 0, 0],
          [1, 1, 0],
          [0, 2, 0],
        ].map(taken),
      },
      {
        ...task,
        language: 'zh',
        kind: 'groups',
        classes: Array.from({ length: 25 }, (_, i) => `类 ${i}`),
        counts: Array.from({ length: 25 }, (_, i) => taken(Array.from({ length: 25 }, (_, j) => (i + j) % 3))),
      },
    ],
    similarities: [
      {
        ...task,
        language: 'zh',
        images: [picture('狗脸'), picture('雪山')],
        texts: ['狗脸', '雪山'],
        values: [
          [0.9, 0.1],
          [-0.2, 0.8],
        ],
        right: [
          [true, false],
          [false, true],
        ],
      },
    ],
  }
}

/** A row of a confusion matrix, as it is kept. */
function taken(row: number[]): Map<number, number> {
  return new Map([...row.entries()].filter(([, count]) => count > 0))
}
