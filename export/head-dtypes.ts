/** How a head's matrices are stored; the graph computes in fp32 whatever it is. */
export const headDtypes = ['fp32', 'fp16', 'int8', 'int4'] as const
export type HeadDtype = (typeof headDtypes)[number]
