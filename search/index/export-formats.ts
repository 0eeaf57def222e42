/** Vector databases for which an index can be written out. */
export const exportFormats = ['lance', 'qdrant'] as const
export type ExportFormat = (typeof exportFormats)[number]
