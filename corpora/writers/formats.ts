/** What a corpus can be written as. */
export const outputFormats = [
  'csv',
  'tsv',
  'jsonl',
  'webdataset',
  'parquet',
  'imagefolder',
  'caption-list',
  'chinese-clip',
  'coco',
  'open-clip',
] as const
export type OutputFormat = (typeof outputFormats)[number]
