/** Other tools in whose shapes a report's recalls can be written, each as NAME.json. */
export const alsoNames = ['clip_benchmark', 'open_clip', 'chinese_clip', 'output'] as const
export type AlsoName = (typeof alsoNames)[number]
