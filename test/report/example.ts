import type { Report, ReportResult } from '../../report/schema.ts'

/** A small complete report with round numbers: two languages, three models, the pixel baseline. */
export function exampleReport(): Report {
  return {
    schema: 1,
    models: {
      teacher: { name: 'emoji-en-zh', parameters: { image: 5_000_000, text: 3_000_000 }, bytes: { fp32: 32_000_000, fp16: 16_000_000 } },
      student: { name: 'tiny', parameters: { image: 700_000, text: 900_000 }, bytes: { fp32: 6_400_000, q8: 1_650_000 } },
    },
    results: [
      result('student', 'en', 0.3, { retention: 0.75, interval95: { mean_recall: [0.28, 0.32] } }),
      result('teacher', 'en', 0.4, { interval95: { mean_recall: [0.381, 0.422] } }),
      result('scratch', 'en', 0.2, { retention: 0.5 }),
      result('student', 'zh', 0.25, { retention: 1 }),
      result('teacher', 'zh', 0.25),
      {
        model: 'pixel-nn',
        dtype: 'uint8',
        corpus: 'emoji',
        protocol: 'unseen-style/openmoji',
        language: 'zh',
        gallery: 1194,
        queries: 1000,
        metrics: { 'image_to_text_R@1': 0.25, 'image_to_text_R@5': 0.5, 'image_to_text_R@10': 0.55, median_rank: 7.5 },
        interval95: { 'image_to_text_R@1': [0.23, 0.27] },
      },
    ],
    provenance: {
      config: { student: 'tiny', seed: 1 },
      seed: 1,
      versions: { node: '20.19.0', distilingual: '0.1.0' },
      machine: { cpu: 'Example CPU', cores: 2, memoryMB: 8000, platform: 'linux x64', device: 'cpu' },
      commit: '0123456789abcdef0123456789abcdef01234567',
      dirty: true,
      minutes: 12.34,
      peakMemoryMB: 2100,
    },
    data: [{ corpus: 'emoji', licence: 'CC BY 4.0 and others', languages: ['en', 'zh'], counts: { drawings: 9000 }, note: 'flags left out' }],
    baseline: [{ protocol: 'unseen-style/openmoji', reason: 'an example of a reason' }],
    commands: ['npx distilingual evaluate --model runs/distill --out runs/evaluate'],
  }
}

function result(model: ReportResult['model'], language: string, recall: number, more: Partial<ReportResult> = {}): ReportResult {
  return {
    model,
    dtype: 'fp32',
    corpus: 'emoji',
    protocol: 'unseen-style/openmoji',
    language,
    gallery: 1194,
    queries: 1000,
    metrics: {
      'text_to_image_R@1': recall - 0.1,
      'text_to_image_R@5': recall,
      'text_to_image_R@10': recall + 0.1,
      'image_to_text_R@1': recall - 0.1,
      'image_to_text_R@5': recall,
      'image_to_text_R@10': recall + 0.1,
      mean_recall: recall,
      median_rank: 20.5,
    },
    ...more,
  }
}
