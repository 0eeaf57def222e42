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

/** Those that are a folder; the others are a file, with copies of pictures that are in no file of their own beside it. */
export const folderFormats: readonly OutputFormat[] = ['webdataset', 'parquet', 'imagefolder', 'caption-list', 'chinese-clip']
