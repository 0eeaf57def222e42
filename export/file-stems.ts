/** The three files of each number format. */
export const fileStems = ['vision_model', 'text_model', 'model'] as const
export type FileStem = (typeof fileStems)[number]
