/** What a corpus can be written as. */
export const outputFormats = ['csv', 'tsv', 'jsonl', 'webdataset', 'chinese-clip', 'coco'] as const
export type OutputFormat = (typeof outputFormats)[number]
