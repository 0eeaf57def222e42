/** How alike near duplicates are at least, unless something else is asked for; docs/search.md says how it was chosen. */
export const usualAlike = 0.85
