/** What a teacher sees of an image: the very picture that the student is given, or the plain one whatever the student is given. */
export const targetNames = ['augmented', 'plain'] as const
export type Targets = (typeof targetNames)[number]
